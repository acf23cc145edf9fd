namespace Morag.Failover.Domain.Owners;

/// <summary>The state of an entity as a snapshot stores it. The same rules as for <see cref="IStoredEvent"/> hold.</summary>
public interface IStoredState;
