using System.Collections.Immutable;
using Morag.Failover.Node.Http.Access;

namespace Morag.Failover.Node.Http;

/// <summary>The settings of the HTTP API.</summary>
public sealed record HttpApiSettings
{
    /// <summary>
    /// The tokens that allow everything: two allow a rotation (add the new token, switch the callers, remove the old one).
    /// </summary>
    public ImmutableArray<string> Tokens { get; init; } = [];

    /// <summary>Further tokens, with a name, a kind and perhaps an expiry. Any number can be valid at once.</summary>
    public ImmutableArray<AccessToken> NamedTokens { get; init; } = [];

    /// <summary>How long a call waits for an owner before it fails with 503. Range: 100 ms to 5 min.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a call waits for an owner whose node may be dead, or that does not serve, before it fails with 503. Range: 100 ms to 5 min.
    /// </summary>
    public TimeSpan FailoverTimeout { get; init; } = TimeSpan.FromSeconds(1.8);

    /// <summary>
    /// How often an idle event stream sends a comment line, which lets both sides detect a dead connection. Range: 1 s to 1 min.
    /// </summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many events are buffered for a slow reader before its stream is closed. Range: 10 to 1,000,000.</summary>
    public int EventBuffer { get; init; } = 1_000;

    /// <summary>How many connections the web server keeps open at once. Range: 10 to 1,000,000.</summary>
    public int MaxConnections { get; init; } = 50_000;

    /// <summary>Whether <c>GET /metrics</c> serves the metrics of the node to Prometheus.</summary>
    public bool Metrics { get; init; } = true;

    /// <summary>How long a piece of an event stream may wait for a slow reader. Tests shorten it.</summary>
    internal TimeSpan StreamStall { get; init; } = HttpLimits.StreamStall;
}
