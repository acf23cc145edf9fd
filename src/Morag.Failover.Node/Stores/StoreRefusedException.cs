namespace Morag.Failover.Node.Stores;

/// <summary>
/// The data in Redis is not this node's data. The message is one line for the operator: what is wrong, where, and what to do.
/// </summary>
public sealed class StoreRefusedException(string message) : Exception(message);
