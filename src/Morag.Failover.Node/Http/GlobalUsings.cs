// The framework has an EventId of its own, for logging.
global using EventId = Morag.Failover.Contracts.Ids.EventId;
