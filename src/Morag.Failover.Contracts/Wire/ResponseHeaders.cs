namespace Morag.Failover.Contracts.Wire;

/// <summary>The names of headers in responses of the HTTP API.</summary>
public static class ResponseHeaders
{
    /// <summary>
    /// The parts of the state that are missing from a list or a count because their owners fail, such as <c>queue-1, coordinator-3</c>.
    /// Absent if nothing is missing. <c>GET /cluster/alerts</c> gives the reasons.
    /// </summary>
    public const string Incomplete = "Morag-Incomplete";
}
