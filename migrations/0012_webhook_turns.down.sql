CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at);
CREATE INDEX webhook_deliveries_of_webhook ON webhook_deliveries (webhook_id);
DROP INDEX webhook_deliveries_due_of;
