using Morag.Failover.Cli.Agents.Processes;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Cli.Agents;

/// <summary>Why a command ended.</summary>
internal enum EndCause
{
    /// <summary>By itself, or by something outside of this agent.</summary>
    Exited,

    /// <summary>The agent ended it, because it ran over its lease.</summary>
    TimedOut,

    /// <summary>The agent ended it, because it wrote more than the cap.</summary>
    OutputTooLong,

    /// <summary>The agent ended it, because nobody waits for its outcome.</summary>
    Cancelled,
}

/// <summary>Why a command did not run, and whether any worker would have refused it.</summary>
internal sealed record StartFailure(string Message, bool BlamesTask);

/// <summary>How one run of the command ended: what was seen, before any judgement.</summary>
internal sealed record ProcessEnding
{
    /// <summary>Why it could not be started; the rest says nothing then.</summary>
    public StartFailure? NotStarted { get; init; }

    public EndCause Cause { get; init; }

    /// <summary>How it exited. Null where it could not be ended.</summary>
    public ProcessExit? Exit { get; init; }

    /// <summary>The largest result that it could give, in bytes of JSON.</summary>
    public int MaxResultBytes { get; init; } = TaskLimits.DefaultMaxPayloadBytes;

    /// <summary>What it wrote to its standard output, up to the cap.</summary>
    public byte[] Output { get; init; } = [];

    public OutputState OutputState { get; init; } = OutputState.Complete;

    /// <summary>Why reading its output failed.</summary>
    public string? OutputProblem { get; init; }

    /// <summary>The end of what it wrote to its error stream.</summary>
    public string ErrorTail { get; init; } = "";

    /// <summary>The pattern of exhausted memory that its error stream matched.</summary>
    public string? ExhaustionPattern { get; init; }

    /// <summary>What it left in its failure file; null where it left none.</summary>
    public FailureFileContent? FailureFile { get; init; }

    /// <summary>Whether the disk of the work folder, where the failure file lies, was full.</summary>
    public bool WorkFolderFull { get; init; }

    /// <summary>How long it ran.</summary>
    public TimeSpan Duration { get; init; }
}

/// <summary>One run of the command.</summary>
/// <param name="Ending">How it ended.</param>
/// <param name="Remaining">
/// Null where all of its processes are gone. Else completes when those that the system would not end are gone at last: until
/// then the slot stays taken.
/// </param>
internal sealed record CommandRun(ProcessEnding Ending, Task? Remaining = null);
