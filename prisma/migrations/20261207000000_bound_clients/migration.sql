-- A client whose access tokens are bound to the certificate of its connection (RFC 8705).
ALTER TABLE "services" ADD COLUMN "certificate_bound" BOOLEAN NOT NULL DEFAULT false;
