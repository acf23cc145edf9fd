using Microsoft.Extensions.Logging.Abstractions;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Node.Stores;

namespace Morag.Failover.Node.Tests.Stores;

public sealed class EpochRecordSpecs : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("morag-epochs-").FullName;

    private string File => Path.Combine(folder, "journal.json");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Should_know_exactly_what_was_granted_while_it_runs()
    {
        var epochs = Begin();
        Assert.Equal(LeaseEpoch.None, epochs.Of(0));

        epochs.Reserve(0, new LeaseEpoch(3));
        epochs.Reserve(1, new LeaseEpoch(70_000));

        Assert.Equal(new LeaseEpoch(3), epochs.Of(0));
        Assert.Equal(new LeaseEpoch(70_000), epochs.Of(1));
    }

    [Fact]
    public void Should_begin_above_all_that_was_granted_after_a_kill()
    {
        var killed = Begin();
        for (var epoch = 1; epoch <= 5_000; epoch++)
        {
            killed.Reserve(0, new LeaseEpoch(epoch));
            Assert.InRange(Again().Of(0).Value, epoch, long.MaxValue);
        }
    }

    [Fact]
    public void Should_leave_no_numbers_out_when_the_partition_has_stopped_in_order()
    {
        var stopped = Begin();
        stopped.Reserve(0, new LeaseEpoch(3));
        stopped.Release(0, new LeaseEpoch(3));

        Assert.Equal(new LeaseEpoch(3), Again().Of(0));
        Assert.Equal(new LeaseEpoch(3), stopped.Of(0));
        stopped.Reserve(0, new LeaseEpoch(4));
        Assert.InRange(Again().Of(0).Value, 4, long.MaxValue);
    }

    [Theory]
    [InlineData("{ this is not JSON")]
    [InlineData("")]
    public void Should_grant_on_when_the_file_has_become_unreadable(string content)
    {
        var epochs = Begin();
        epochs.Reserve(0, new LeaseEpoch(3));
        System.IO.File.WriteAllText(File, content);

        epochs.Reserve(0, new LeaseEpoch(70_000));
        epochs.Learn(new Dictionary<int, long> { [1] = 900 });
        epochs.Release(0, new LeaseEpoch(70_000));

        Assert.Equal((70_000, 900), (epochs.Of(0).Value, epochs.Of(1).Value));
    }

    [Fact]
    public void Should_keep_what_other_nodes_know()
    {
        var epochs = Begin();
        epochs.Learn(new Dictionary<int, long> { [0] = 900, [1] = 5 });

        Assert.Equal(new LeaseEpoch(900), epochs.Of(0));
        Assert.Equal(new LeaseEpoch(900), Again().Of(0));
    }

    [Fact]
    public void Should_not_take_its_own_block_for_news_when_others_tell_it()
    {
        var epochs = Begin();
        var told = new Dictionary<int, long>();
        epochs.Recorded += (partition, epoch) => told[partition] = epoch;
        epochs.Reserve(0, new LeaseEpoch(1));

        epochs.Learn(told);

        Assert.Equal(new LeaseEpoch(1), epochs.Of(0));
    }

    [Fact]
    public void Should_keep_the_epochs_when_the_journal_is_another()
    {
        var epochs = Begin();
        epochs.Reserve(0, new LeaseEpoch(10));

        JournalRecord.Open(File).Replace(new RecordedJournal { JournalId = "another" });

        Assert.InRange(Again().Of(0).Value, 10, long.MaxValue);
    }

    [Fact]
    public void Should_refuse_a_folder_that_cannot_be_written()
    {
        System.IO.File.WriteAllText(Path.Combine(folder, "file"), "");

        var refusal = Assert.Throws<StoreRefusedException>(() => JournalRecord.Open(Path.Combine(folder, "file", "journal.json")));

        Assert.Contains("MORAG_DATA", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public void Should_refuse_a_record_that_cannot_be_read()
    {
        System.IO.File.WriteAllText(File, "{\n \"journal_id\": ");

        var refusal = Assert.Throws<StoreRefusedException>(() => JournalRecord.Open(File));

        Assert.Contains(File, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    private EpochRecord Begin()
    {
        JournalRecord.Open(File).Write(new RecordedJournal { JournalId = "mine" });
        return Again();
    }

    private EpochRecord Again() => new(JournalRecord.Open(File), TimeProvider.System, NullLogger.Instance);
}
