-- Deliveries that are due, webhook by webhook: each gets its turn.
CREATE INDEX webhook_deliveries_due_of ON webhook_deliveries (webhook_id, due_at);
DROP INDEX webhook_deliveries_of_webhook, webhook_deliveries_due;
