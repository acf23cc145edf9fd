using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>A worker's call waits for work, and an owner that it depends on ends meanwhile.</summary>
public sealed class WaitingCallSpecs(ITestOutputHelper output) : ScenarioSpec(output)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RealPatience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Should_be_given_work_before_its_wait_is_over_when_the_queue_came_back_meanwhile()
    {
        var worker = await RegisterAsync("cpu-1");
        var call = await WaitsAsync(worker);

        await Owners.CrashAsync(Owners.Queues);
        var task = await SubmitAsync("report", "cpu_standard");
        await PassAsync(LongestWait / 2);

        Assert.True(call.Answer.IsCompletedSuccessfully);
        Assert.Equal(task, Assert.Single(Assert.IsType<LeasesGranted>(await call.Answer).Leases).TaskId);
    }

    [Fact]
    public async Task Should_be_told_to_ask_again_when_the_workers_entity_ended_meanwhile()
    {
        var worker = await RegisterAsync("cpu-1");
        var call = await WaitsAsync(worker);

        await Owners.CrashAsync(worker.Id);

        Assert.Equal(RefusalReason.Unavailable, Assert.IsType<Refused>(await call.Answer).Reason);
    }

    [Fact]
    public async Task Should_be_given_work_where_it_is_heard_when_it_was_made_again()
    {
        var worker = await RegisterAsync("cpu-1");
        var unheard = await WaitsAsync(worker);
        var heard = await WaitsAsync(worker);

        var task = await SubmitAsync("report", "cpu_standard");

        Assert.Empty(Assert.IsType<LeasesGranted>(await unheard.Answer).Leases);
        Assert.Equal(task, Assert.Single(Assert.IsType<LeasesGranted>(await heard.Answer).Leases).TaskId);
    }

    [Fact]
    public async Task Should_hear_that_the_partition_is_down_and_not_that_there_is_no_work_when_the_queue_does_not_answer()
    {
        var worker = await RegisterAsync("cpu-1");
        await Owners.GoDownAsync(Owners.Queues);
        var call = await WaitsAsync(worker);

        await PassAsync(LongestWait + TimeSpan.FromSeconds(1));

        var told = Assert.IsType<Refused>(await call.Answer);
        Assert.Equal(("queue-0", RefusalReason.Unavailable), (told.Owner, told.Reason));
    }

    private async Task<WaitingCall> WaitsAsync(ScenarioWorker worker)
    {
        var demand = new RequestLeases
        {
            WorkerId = worker.Id,
            MaxTasks = 1,
            Wait = LongestWait,
            RequestId = new("asked"),
            InstanceId = worker.Registration.InstanceId,
        };
        var call = new WaitingCall(Owners.Workers.Ask<IWireMessage>(demand, RealPatience));
        await Owners.SettleAsync();
        return call;
    }

    private sealed record WaitingCall(Task<IWireMessage> Answer);
}
