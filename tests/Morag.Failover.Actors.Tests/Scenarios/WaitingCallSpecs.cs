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

    [Fact]
    public async Task Should_be_given_work_promptly_when_the_queue_came_back_while_calls_asked_it_no_longer()
    {
        var worker = await RegisterAsync("cpu-1");
        await WaitIdleAsync(worker, calls: 3);
        var call = await WaitsAsync(worker);
        await Owners.CrashAsync(Owners.Queues);

        await PassAsync(TimeSpan.FromSeconds(12));
        var task = await SubmitAsync("report", "cpu_standard");

        Assert.True(call.Answer.IsCompletedSuccessfully);
        Assert.Equal(task, Assert.Single(Assert.IsType<LeasesGranted>(await call.Answer).Leases).TaskId);
    }

    [Fact]
    public async Task Should_be_given_work_when_the_queue_and_the_directory_came_back_while_calls_asked_it_no_longer()
    {
        var worker = await RegisterAsync("cpu-1");
        await WaitIdleAsync(worker, calls: 3);
        await Owners.CrashAsync(Owners.Queues);
        await Owners.CrashAsync(Owners.Directory);
        await SubmitAsync("report", "cpu_standard");

        var call = await WaitsAsync(worker);
        await PassAsync(LongestWait + TimeSpan.FromSeconds(1));

        Assert.Single(Assert.IsType<LeasesGranted>(await call.Answer).Leases);
    }

    [Fact]
    public async Task Should_leave_work_to_others_at_once_when_no_call_of_its_worker_waits_any_more()
    {
        var gone = await RegisterAsync("cpu-1", slots: 8);
        await WaitIdleAsync(gone, calls: 1);
        var waiting = await RegisterAsync("cpu-2");
        var call = await WaitsAsync(waiting);

        var task = await SubmitAsync("report", "cpu_standard");

        Assert.True(call.Answer.IsCompletedSuccessfully);
        Assert.Equal(task, Assert.Single(Assert.IsType<LeasesGranted>(await call.Answer).Leases).TaskId);
        await SubmitAsync("another", "cpu_standard");
        Assert.Equal("another", (await gone.LeaseOneAsync()).TaskId.Value);
    }

    [Fact]
    public async Task Should_hear_that_the_partition_is_down_when_it_kept_the_interest_until_then()
    {
        var worker = await RegisterAsync("cpu-1");
        await WaitIdleAsync(worker, calls: 2);
        await Owners.GoDownAsync(Owners.Queues);
        Owners.Health.IsDown("queue-0", "a spec took it down", DateTimeOffset.UnixEpoch);

        var call = await WaitsAsync(worker);
        await PassAsync(LongestWait + TimeSpan.FromSeconds(1));

        Assert.Equal("queue-0", Assert.IsType<Refused>(await call.Answer).Owner);
    }

    /// <summary>Waits in vain, call after call.</summary>
    private async Task WaitIdleAsync(ScenarioWorker worker, int calls)
    {
        for (var i = 0; i < calls; i++)
        {
            var call = await WaitsAsync(worker, $"idle-{i}");
            await PassAsync(LongestWait);
            Assert.Empty(Assert.IsType<LeasesGranted>(await call.Answer).Leases);
        }
    }

    private async Task<WaitingCall> WaitsAsync(ScenarioWorker worker, string name = "asked")
    {
        var demand = new RequestLeases
        {
            WorkerId = worker.Id,
            MaxTasks = 1,
            Wait = LongestWait,
            RequestId = new(name),
            InstanceId = worker.Registration.InstanceId,
        };
        var call = new WaitingCall(Owners.Workers.Ask<IWireMessage>(demand, RealPatience));
        await Owners.SettleAsync();
        return call;
    }

    private sealed record WaitingCall(Task<IWireMessage> Answer);
}
