/** What a script adds to the sign-in page: passkeys. Without it the page works as it is. */
export {};
