namespace Morag.Failover.Domain.Owners;

/// <summary>An event of the journal. The same rules as for <see cref="IWireMessage"/> hold, for as long as there are journals.</summary>
public interface IStoredEvent;
