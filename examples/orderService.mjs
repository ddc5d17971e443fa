/** Stands for a service's generated stubs: JSON on the wire keeps the example short. */
const method = (name) => ({
  path: `/orders.OrderService/${name}`,
  requestStream: false,
  responseStream: false,
  requestSerialize: (value) => Buffer.from(JSON.stringify(value)),
  requestDeserialize: (bytes) => JSON.parse(bytes.toString()),
  responseSerialize: (value) => Buffer.from(JSON.stringify(value)),
  responseDeserialize: (bytes) => JSON.parse(bytes.toString()),
});

export const orderService = {
  ListOrders: method('ListOrders'),
  ListReports: method('ListReports'),
  Ready: method('Ready'),
};
