using Morag.Failover.Cli.Agents.Processes;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Cli.Agents;

/// <summary>Why a command ended.</summary>
internal enum EndCause
{
    /// <summary>By itself, or because of something other than this agent.</summary>
    Exited,

    /// <summary>The agent ended it because its lease expired.</summary>
    TimedOut,

    /// <summary>The agent ended it because its output exceeded the limit.</summary>
    OutputTooLong,

    /// <summary>The agent ended it because its outcome is no longer wanted.</summary>
    Cancelled,
}

/// <summary>Why a command was not started, and whether it would fail to start on any worker.</summary>
internal sealed record StartFailure(string Message, bool BlamesTask);

/// <summary>What the agent observed of a command's ending.</summary>
internal sealed record ProcessEnding
{
    /// <summary>Why it was not started. The other properties are unset then.</summary>
    public StartFailure? NotStarted { get; init; }

    public EndCause Cause { get; init; }

    /// <summary>How it exited; null if it could not be killed.</summary>
    public ProcessExit? Exit { get; init; }

    /// <summary>The largest result that the node accepts, in bytes of JSON.</summary>
    public int MaxResultBytes { get; init; } = TaskLimits.DefaultMaxPayloadBytes;

    /// <summary>Its standard output, up to the limit.</summary>
    public byte[] Output { get; init; } = [];

    public OutputState OutputState { get; init; } = OutputState.Complete;

    /// <summary>Why its output could not be read.</summary>
    public string? OutputProblem { get; init; }

    /// <summary>The end of its standard error.</summary>
    public string ErrorTail { get; init; } = "";

    /// <summary>The out-of-memory pattern that its standard error matched.</summary>
    public string? ExhaustionPattern { get; init; }

    /// <summary>The content of its failure file; null if there is none.</summary>
    public FailureFileContent? FailureFile { get; init; }

    /// <summary>Whether the disk of the work folder, which holds the failure file, was full.</summary>
    public bool WorkFolderFull { get; init; }

    /// <summary>How long it ran.</summary>
    public TimeSpan Duration { get; init; }
}

/// <summary>A finished run of the command.</summary>
/// <param name="Ending">How it ended.</param>
/// <param name="Remaining">
/// Null if all of its processes are gone. Otherwise completes when they are; the slot stays occupied until then.
/// </param>
internal sealed record CommandRun(ProcessEnding Ending, Task? Remaining = null);
