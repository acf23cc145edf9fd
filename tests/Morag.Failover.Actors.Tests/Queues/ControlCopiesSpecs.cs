using Morag.Failover.Actors.Queues;
using Morag.Failover.Actors.Tests.Owners;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Queues;

/// <summary>The partition that owns the controls of queues tells the others until they have stored them.</summary>
public sealed class ControlCopiesSpecs(ITestOutputHelper output) : OwnerSpec(output)
{
    private static readonly FailoverSettings Settings = FailoverSettings.Default with { Partitions = new() { Queues = 3 } };
    private static readonly QueueName Cpu = new("cpu_standard");

    private Props Owner => QueueActor.Props(0, Settings, Regions, Outages, IEpochFloors.None);

    private Props Other => QueueActor.Props(2, Settings, Regions, Outages, IEpochFloors.None);

    [Fact]
    public async Task Should_answer_the_operator_once_every_partition_has_stored_the_change()
    {
        var owner = Start(Owner);
        var asked = PauseAsync(owner);
        await SettleAsync();
        Assert.Equal([1, 2], (await SentAsync()).Where(copy => copy.Revision == 1).Select(copy => copy.Partition));

        Applied(owner, 1, 1);
        await SettleAsync();
        Assert.False(asked.IsCompleted);
        Applied(owner, 2, 1);

        var report = await asked;
        Assert.Equal(("bad model", "ops"), (report.Pause?.Reason, report.Pause?.By));
        Assert.Empty(report.NotYetOn);
    }

    [Fact]
    public async Task Should_name_the_partitions_that_are_behind_and_send_to_them_on_and_on_also_after_a_crash()
    {
        var owner = Start(Owner);
        var asked = PauseAsync(owner);
        await SettleAsync();
        Applied(owner, 1, 1);
        await PassAsync(ControlCopies.AnswerWithin);

        Assert.Equal("queue-2", Assert.Single((await asked).NotYetOn));
        await PassAsync(Settings.Queues.ResendAfter * 2);
        Assert.Contains(await SentAsync(), copy => copy is { Partition: 2, Revision: 1 });
        owner = await KillAndRecoverAsync(owner, Owner);
        await SettleAsync();
        Assert.Contains(await SentAsync(), copy => copy is { Partition: 2, Revision: 1, Queues: [{ Pause.Reason: "bad model" }] });
        Applied(owner, 1, 1);
        Applied(owner, 2, 1);
        await SettleAsync();
        await PassAsync(Settings.Queues.ResendAfter * 3);
        Assert.Empty(await SentAsync());
        Assert.Empty((await owner.Ask<QueueControlReport>(new GetQueueControl { Queue = Cpu })).NotYetOn);
    }

    [Fact]
    public async Task Should_number_its_controls_after_those_of_a_copy_when_its_store_has_lost_changes()
    {
        var owner = Start(Owner);
        await SettleAsync();
        Assert.Equal([(1, 0L), (2, 0L)], (await SentAsync()).Select(asked => (asked.Partition, asked.Revision)));

        Applied(owner, 2, 7);
        await SettleAsync();

        Assert.All(await SentAsync(), copy => Assert.Equal((8, 0), (copy.Revision, copy.Queues.Length)));
        owner = await KillAndRecoverAsync(owner, Owner);
        await SettleAsync();
        Assert.Contains(await SentAsync(), copy => copy is { Partition: 2, Revision: 8 });
    }

    [Fact]
    public async Task Should_store_a_copy_and_confirm_it_each_time_it_comes()
    {
        var other = Start(Other);
        var copy = new ApplyQueueControls
        {
            Partition = 2,
            Revision = 1,
            Queues = [new() { Queue = Cpu, Pause = new() { At = Clock.Now, By = "ops", Reason = "bad model" } }],
        };

        other.Tell(copy);
        other = await KillAndRecoverAsync(other, Other);
        other.Tell(copy with { Queues = [] });

        var confirmed = await GotAsync<QueueControlsApplied>(Regions.QueuesProbe);
        Assert.Equal([(2, 1), (2, 1)], confirmed.Select(each => (each.From, each.Revision)));
        var stats = await other.Ask<QueueStatsReply>(new GetQueueStats { Partition = 2 });
        Assert.Equal("bad model", stats.Queues.Single(queue => queue.QueueType == Cpu).Pause?.Reason);
    }

    private static Task<QueueControlReport> PauseAsync(IActorRef owner) =>
        owner.Ask<QueueControlReport>(new PauseQueue { Queue = Cpu, Reason = "bad model", By = "ops" });

    private static void Applied(IActorRef owner, int partition, long revision) =>
        owner.Tell(new QueueControlsApplied { From = partition, Revision = revision });

    private Task<IReadOnlyList<ApplyQueueControls>> SentAsync() => GotAsync<ApplyQueueControls>(Regions.QueuesProbe);
}
