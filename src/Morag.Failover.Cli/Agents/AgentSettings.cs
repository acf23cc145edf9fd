using System.Collections.Immutable;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary>The settings of a worker agent.</summary>
internal sealed record AgentSettings
{
    /// <summary>The registration that it sends to the node.</summary>
    public required WorkerRegistration Registration { get; init; }

    /// <summary>The command to run for each task: the program and its arguments.</summary>
    public required ImmutableArray<string> Command { get; init; }

    /// <summary>The folder of its spool and its lock.</summary>
    public required string WorkFolder { get; init; }

    /// <summary>The time between heartbeats.</summary>
    public required TimeSpan HeartbeatInterval { get; init; }

    /// <summary>The time between SIGTERM and SIGKILL when a command has to end.</summary>
    public TimeSpan KillGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The time that a killed command may take to disappear before its slot counts as stuck.</summary>
    public TimeSpan KillWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The time that running commands may take to finish after the agent is told to stop.</summary>
    public TimeSpan DrainGrace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The time for which the outcome of a command that a stop signal ended is held back. If the agent is told to stop in this time, the
    /// task is released instead.
    /// </summary>
    public TimeSpan StopWindow { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The time limit for the last calls to the node when the agent stops. Undelivered outcomes wait for the next start.</summary>
    public TimeSpan LastDelivery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The time that one call for leases waits for the first of them.</summary>
    public TimeSpan LeaseWait { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Texts on standard error that mean that a failed command ran out of memory. The comparison ignores case.</summary>
    public ImmutableArray<string> ExhaustionPatterns { get; init; } = [DefaultExhaustionPattern];

    public const string DefaultExhaustionPattern = "CUDA out of memory";
}
