namespace Morag.Failover.Cli.Agents;

/// <summary>How one run of the command ended: what was seen, before any judgement.</summary>
internal sealed record ProcessEnding
{
    /// <summary>The exit code; for a command that was ended by signal N, 128 + N. Null where it could not be started.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Why it could not be started.</summary>
    public string? StartError { get; init; }

    /// <summary>Whether it was killed because it ran over its lease.</summary>
    public bool TimedOut { get; init; }

    /// <summary>What it wrote to its standard output, up to the cap.</summary>
    public string Output { get; init; } = "";

    /// <summary>Whether it was killed because it wrote more than the cap.</summary>
    public bool OutputTooLong { get; init; }

    /// <summary>The end of what it wrote to its error stream.</summary>
    public string ErrorTail { get; init; } = "";

    /// <summary>The pattern of exhausted memory that its error stream matched.</summary>
    public string? ExhaustionPattern { get; init; }

    /// <summary>What it left in its failure file; null where it left none.</summary>
    public string? FailureFile { get; init; }

    /// <summary>How long it ran.</summary>
    public TimeSpan Duration { get; init; }
}
