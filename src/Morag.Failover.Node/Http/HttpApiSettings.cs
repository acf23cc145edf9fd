using System.Collections.Immutable;

namespace Morag.Failover.Node.Http;

/// <summary>What can be set about the HTTP API.</summary>
public sealed record HttpApiSettings
{
    /// <summary>
    /// The tokens that are valid now, at most two, so that one can be rotated: the new one is added, the callers change over,
    /// the old one is removed. Empty: no token is asked for.
    /// </summary>
    public ImmutableArray<string> Tokens { get; init; } = [];

    /// <summary>How long an owner has to answer before the call fails with 503, 100 ms to 5 min.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a silent event stream gets a comment line, so that either side notices a dead connection; 1 s to 1 min.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many events may wait for one slow reader before its stream is ended, 10 to 1,000,000.</summary>
    public int EventBuffer { get; init; } = 1_000;
}
