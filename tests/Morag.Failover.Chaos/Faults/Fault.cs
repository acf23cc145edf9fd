using System.Globalization;

namespace Morag.Failover.Chaos.Faults;

/// <summary>What happens to real processes.</summary>
internal enum FaultKind
{
    /// <summary>A node is killed with SIGKILL, and starts again when the fault ends.</summary>
    NodeKilled = 1,

    /// <summary>A node is frozen with SIGSTOP. If it was taken over meanwhile, it ends, and starts again.</summary>
    NodeFrozen = 2,

    /// <summary>A node is stopped with SIGTERM, and starts again.</summary>
    NodeRestarted = 3,

    /// <summary>An agent is killed with SIGKILL together with its commands, and starts again when the fault ends.</summary>
    AgentKilled = 4,

    /// <summary>An agent is frozen with SIGSTOP.</summary>
    AgentFrozen = 5,

    /// <summary>Redis is frozen with SIGSTOP.</summary>
    RedisFrozen = 6,

    /// <summary>Redis is killed with SIGKILL, and starts again with what it wrote to disk.</summary>
    RedisKilled = 7,
}

/// <summary>One fault.</summary>
/// <param name="Kind">What happens.</param>
/// <param name="Target">Which node or agent it hits, from 0.</param>
/// <param name="At">When it begins, from the start of the load.</param>
/// <param name="For">How long it lasts.</param>
internal sealed record Fault(FaultKind Kind, int Target, TimeSpan At, TimeSpan For)
{
    /// <inheritdoc />
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{At.TotalSeconds,7:0.0} s {Kind} {Target} for {For.TotalSeconds:0.0} s");
}
