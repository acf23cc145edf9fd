using Morag.Failover.Cli.Demo;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Tests.Demo;

public sealed class DemoSpecs : IDisposable
{
    private static readonly string Hash = new('a', 64);

    private readonly string folder = Directory.CreateTempSubdirectory("morag-demo-specs-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Should_find_files_of_any_name_in_subfolders_too_but_no_hidden_ones()
    {
        Directory.CreateDirectory(Path.Combine(folder, "sub folder"));
        string[] names = ["-dash", "line\nfeed", Path.Combine("sub folder", "ü ñ")];
        foreach (var name in names.Append(".hidden"))
        {
            File.WriteAllText(Path.Combine(folder, name), "x");
        }

        Assert.Equal(names, DemoFiles.Find(folder).Paths.Select(path => Path.GetRelativePath(folder, path)));
    }

    [Fact]
    public void Should_hash_500_files_and_say_so_when_there_are_more()
    {
        for (var number = 0; number < 501; number++)
        {
            File.WriteAllText(Path.Combine(folder, $"{number}"), "x");
        }

        var files = DemoFiles.Find(folder);
        Assert.Equal(500, files.Paths.Count);
        Assert.StartsWith("hashing 500 of 501 files", Assert.Single(files.Remarks), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/a b", "H  /a b\n")]
    [InlineData("/a\nb", "\\H  /a\\nb\n")]
    [InlineData("/a\\b", "\\H  /a\\\\b\n")]
    public void Should_format_a_checksum_line_as_sha256sum_does(string path, string line) =>
        Assert.Equal(line, DemoFiles.ChecksumLine("H", path));

    [Fact]
    public void Should_count_lost_and_repeated_completions_failures_and_decisions()
    {
        TaskInfo[] tasks =
        [
            Ended("t-1", TaskState.Succeeded, $"{Hash}  -\n", "submitted", "leased", "completed"),
            Ended("t-2", TaskState.Succeeded, $"{Hash}  -\n", "completed", "completed"),
            Ended("t-3", TaskState.Parked, null),
            Ended("t-4", TaskState.Succeeded, "no hash"),
        ];
        FailoverDecision[] decisions = [Decision("t-1", "f-1"), Decision("t-1", "f-2"), Decision("t-3", "f-3"), Decision("t-3", "f-3")];

        var summary = DemoSummary.Of(5, tasks, decisions);

        Assert.Equal((5, 3, 1, 3, 4), (summary.Files, summary.Lost, summary.CompletedTwice, summary.Failures, summary.Decisions));
        Assert.Equal(4, summary.Strategies[FailoverStrategy.ReassignSameQueue]);
        Assert.Equal(["t-1", "t-2"], summary.Hashes.Keys);
        Assert.False(summary.IsGood);
    }

    private static TaskInfo Ended(string id, TaskState state, string? result, params string[] history) => new()
    {
        TaskId = new TaskId(id),
        Queue = new QueueName("cpu_batch"),
        State = state,
        Result = result is null ? default : JsonText.Of(result),
        History = [.. history.Select(what => new TaskHistoryEntry { What = what })],
    };

    private static FailoverDecision Decision(string task, string failure) => new()
    {
        TaskId = new TaskId(task),
        FailureEvent = new FailureEvent
        {
            EventId = new EventId(failure),
            TaskId = new TaskId(task),
            FailureType = FailureType.WorkerOffline,
        },
        SelectedAction = new FailoverAction { Strategy = FailoverStrategy.ReassignSameQueue, Reason = "" },
        DecisionMetadata = new DecisionMetadata { FailureId = new FailureId(failure) },
    };
}
