using System.Text.Json;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Http;

/// <summary>Reads the events of a session.</summary>
internal static class SessionSignals
{
    /// <summary>
    /// The signal of an event; null for one that a newer node sends, or that cannot be read. Nothing is lost with it: the answers to
    /// heartbeats say the same, only later.
    /// </summary>
    public static ISessionSignal? Read(ServerEvent received)
    {
        try
        {
            return received.Kind switch
            {
                "lease_revoked" => Parse<LeaseRevoked>(received),
                "lease_extended" => Parse<DeadlineSignal>(received),
                "drain" => Parse<DrainSignal>(received),
                "resume" => new ResumeSignal(),
                "breaker" => Parse<BreakerSignal>(received),
                "superseded" => new SupersededSignal(),
                _ => null,
            };
        }
        catch (Exception failure) when (UnreadableAnswer.Explains(failure))
        {
            return null;
        }
    }

    private static T? Parse<T>(ServerEvent received)
        where T : class => JsonSerializer.Deserialize<T>(received.Data, ContractsJson.Options);
}
