using System.Collections.Immutable;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary>How one worker agent runs.</summary>
internal sealed record AgentSettings
{
    /// <summary>What it says of itself when it registers.</summary>
    public required WorkerRegistration Registration { get; init; }

    /// <summary>What is run for each task: the program and its arguments.</summary>
    public required ImmutableArray<string> Command { get; init; }

    /// <summary>Where it keeps its spool and its lock.</summary>
    public required string WorkFolder { get; init; }

    /// <summary>How often it heartbeats.</summary>
    public required TimeSpan HeartbeatInterval { get; init; }

    /// <summary>How long a command may take to end after it was asked to, before it is killed.</summary>
    public TimeSpan KillGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a killed command may take to be gone before its slot counts as stuck.</summary>
    public TimeSpan KillWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long running commands may go on after the agent was told to stop.</summary>
    public TimeSpan DrainGrace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long the outcome of a command that was ended by a signal to stop is held back: when the agent is told to stop within this
    /// time, the task is given back instead.
    /// </summary>
    public TimeSpan StopWindow { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long the last calls to the node may take when the agent stops. What is not delivered then waits for the next start.
    /// </summary>
    public TimeSpan LastDelivery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one call for leases waits for the first of them.</summary>
    public TimeSpan LeaseWait { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Texts on the error stream of a failed command that mean that memory ran out; compared without regard to case.</summary>
    public ImmutableArray<string> ExhaustionPatterns { get; init; } = [DefaultExhaustionPattern];

    public const string DefaultExhaustionPattern = "CUDA out of memory";
}
