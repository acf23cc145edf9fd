using System.Text.Json;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Cli.Demo;

/// <summary>The outcome of every file of the demo, as the node reports it.</summary>
internal sealed record DemoSummary
{
    private const int HexDigits = 64;

    public required int Files { get; init; }

    /// <summary>Tasks that ended without an accepted result.</summary>
    public required int Lost { get; init; }

    /// <summary>Tasks with more than one accepted completion in their history.</summary>
    public required int CompletedTwice { get; init; }

    /// <summary>Distinct failures.</summary>
    public required int Failures { get; init; }

    public required int Decisions { get; init; }

    /// <summary>The number of decisions by strategy.</summary>
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
            Strategies = decisions.GroupBy(decision => decision.SelectedAction.Strategy)
                .ToDictionary(group => group.Key, group => group.Count()),
            Hashes = hashes,
        };
    }

    // sha256sum prints the digits, followed by the name of its input.
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
