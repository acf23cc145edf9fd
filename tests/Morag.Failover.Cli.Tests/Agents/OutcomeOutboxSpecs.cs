using Morag.Failover.Cli.Agents;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Tests.Agents;

public sealed class OutcomeOutboxSpecs : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("morag-outbox-").FullName;

    private string Spool => Path.Combine(folder, "outcomes.jsonl");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Should_keep_undelivered_outcomes_in_order_when_it_is_reopened()
    {
        using (var outbox = Open())
        {
            outbox.Add(Success(1));
            outbox.Add(TaskOutcome.Failed(Key(2), FailureType.TaskTimeout, "late \"and\"\nlong", JsonText.Of(new { exit_code = 1 })));
            outbox.Add(Success(3));
            outbox.Remove([1]);
        }

        using var again = Open();
        Assert.Equal([Key(2), Key(3)], again.Oldest(10, 1_000_000).Select(waiting => waiting.Outcome.Lease));
        var failure = again.Oldest(1, 1_000_000)[0].Outcome;
        Assert.Equal(FailureType.TaskTimeout, failure.FailureType);
        Assert.Equal("late \"and\"\nlong", failure.ErrorMessage);
    }

    [Fact]
    public void Should_skip_an_incomplete_line_when_the_agent_was_killed_during_a_write()
    {
        using (var outbox = Open())
        {
            outbox.Add(Success(1));
            outbox.Add(Success(2));
        }

        using (var file = new FileStream(Spool, FileMode.Open))
        {
            file.SetLength(file.Length - 5);
        }

        using (var again = Open())
        {
            Assert.Equal([Key(1)], again.Oldest(10, 1_000_000).Select(waiting => waiting.Outcome.Lease));
            again.Add(Success(3));
        }

        using var third = Open();
        Assert.Equal([Key(1), Key(3)], third.Oldest(10, 1_000_000).Select(waiting => waiting.Outcome.Lease));
    }

    [Fact]
    public void Should_empty_the_file_when_everything_is_delivered()
    {
        using var outbox = Open();
        outbox.Add(Success(1));
        outbox.Remove([1]);

        Assert.True(outbox.IsEmpty);
        Assert.Equal(0, new FileInfo(Spool).Length);
    }

    [Fact]
    public void Should_return_at_least_one_outcome_and_no_more_than_fit_when_a_call_is_prepared()
    {
        using var outbox = Open();
        outbox.Add(Success(1));
        outbox.Add(Success(2));
        outbox.Add(Success(3));
        var size = outbox.Oldest(1, 1)[0].Bytes;

        Assert.Single(outbox.Oldest(10, 1));
        Assert.Equal(2, outbox.Oldest(10, size * 2).Length);
        Assert.Equal(2, outbox.Oldest(2, 1_000_000).Length);
    }

    private OutcomeOutbox Open() => OutcomeOutbox.Open(SpoolFile.Open(Spool), new AgentLog(TextWriter.Null, TimeProvider.System));

    private static LeaseKey Key(long epoch) => new(new TaskId($"t-{epoch}"), new LeaseEpoch(epoch));

    private static TaskOutcome Success(long epoch) => TaskOutcome.Succeeded(Key(epoch), JsonText.Of($"result {epoch}"));
}
