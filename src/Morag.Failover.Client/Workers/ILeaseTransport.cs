using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Workers;

/// <summary>A transport whose answers can have leases that this version cannot read. Other transports fail as a whole then.</summary>
internal interface ILeaseTransport
{
    /// <summary>Requests leases.</summary>
    /// <exception cref="MoragException">The call failed, or nothing in its answer can be read.</exception>
    Task<ReceivedLeases> LeaseAsync(RequestLeases request, TimeSpan timeout, CancellationToken cancellation);
}
