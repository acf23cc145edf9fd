using System.Text.Json;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Cli.Demo;

/// <summary>What the system itself says at the end about every file of the demo.</summary>
internal sealed record DemoSummary
{
    private const int HexDigits = 64;

    public required int Files { get; init; }

    /// <summary>Tasks that did not end with an accepted result.</summary>
    public required int Lost { get; init; }

    /// <summary>Tasks with more than one accepted completion in their history.</summary>
    public required int CompletedTwice { get; init; }

    /// <summary>Distinct failures.</summary>
    public required int Failures { get; init; }

    public required int Decisions { get; init; }

    /// <summary>How often each strategy was chosen.</summary>
    public required IReadOnlyDictionary<FailoverStrategy, int> Strategies { get; init; }

    /// <summary>The hash of each file, by task.</summary>
    public required IReadOnlyDictionary<string, string> Hashes { get; init; }

    public bool IsGood => Lost == 0 && CompletedTwice == 0;

    public static DemoSummary Of(int files, IReadOnlyCollection<TaskInfo> tasks, IReadOnlyCollection<FailoverDecision> decisions)
    {
        var hashes = tasks
            .Where(task => task.State == TaskState.Succeeded && Hash(task) is not null)
            .ToDictionary(task => task.TaskId.Value, task => Hash(task)!);
        return new DemoSummary
        {
            Files = files,
            Lost = files - hashes.Count,
            CompletedTwice = tasks.Count(task => task.History.Count(entry => entry.What == "completed") > 1),
            Failures = decisions.Select(decision => (decision.TaskId, decision.DecisionMetadata.FailureId)).Distinct().Count(),
            Decisions = decisions.Count,
            Strategies = decisions.GroupBy(decision => decision.SelectedAction.Strategy).ToDictionary(group => group.Key, group => group.Count()),
            Hashes = hashes,
        };
    }

    // The result is what sha256sum wrote: the digits, and a name for the standard input.
    private static string? Hash(TaskInfo task)
    {
        using var result = task.Result.Parse();
        return result.RootElement.ValueKind == JsonValueKind.String
            && result.RootElement.GetString() is { Length: >= HexDigits } text
            && text[..HexDigits].All(char.IsAsciiHexDigitLower)
                ? text[..HexDigits]
                : null;
    }
}
