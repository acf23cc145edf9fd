using Morag.Failover.Actors.Tests.Storage;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Failover.Coordination;
using Morag.Failover.Domain.Queues;
using Xunit.Abstractions;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;
using static Morag.Failover.Contracts.Failover.FailureType;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>What broken workers had parked comes back by itself once they are known for what they are.</summary>
public sealed class ParkReviewSpecs : ScenarioSpec
{
    private int tasks;

    public ParkReviewSpecs(ITestOutputHelper output)
        : base(output, Defaults with { Policy = Defaults.Policy with { HistoryKept = TimeSpan.FromMinutes(10) } })
    {
        Owners.Patience = 60;
    }

    public static TheoryData<string, WriteFate> Ends
    {
        get
        {
            var ends = new TheoryData<string, WriteFate> { { nameof(TaskUnparked), WriteFate.Stored } };
            foreach (var @event in (string[])[nameof(ParkReversed), nameof(TaskUnparked), nameof(UnparkCarriedOut)])
            {
                foreach (var fate in (WriteFate[])[WriteFate.KilledBefore, WriteFate.KilledAfter, WriteFate.Failed])
                {
                    ends.Add(@event, fate);
                }
            }

            return ends;
        }
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task Should_take_a_decision_to_park_back_once_when_its_witnesses_turn_out_to_fail_everything(string write, WriteFate fate)
    {
        var left = 1;
        Store.Fate = each => each.Payload.GetType().Name == write && left-- > 0 ? fate : WriteFate.Stored;
        var (sound, broken, task) = await ParkedByTwoThatBreakAsync();
        await FailOthersAsync(sound, broken);
        await PassAsync(TimeSpan.FromSeconds(30));

        var parkedAndBack = (await ExplainAsync(task)).Decisions;
        Assert.Equal(
            [ReassignSameQueue, ManualIntervention, ReassignSameQueue],
            parkedAndBack.Select(decision => decision.SelectedAction.Strategy));
        var takenBack = parkedAndBack[2].Chose(ReassignSameQueue, "witness_suspect").CarriedOut();
        Assert.Equal(parkedAndBack[1].DecisionMetadata.FailureId, takenBack.DecisionMetadata.Reverses);
        Assert.All(takenBack.DecisionMetadata.Witnesses, witness => Assert.Equal(WitnessVerdict.Suspect, witness.Verdict));
        Assert.Contains("b1 (recently completed", takenBack.SelectedAction.Reason, StringComparison.Ordinal);
        var info = await TaskAsync(task);
        Assert.Equal(TaskState.Queued, info.State);
        Assert.Single(info.History, entry => entry.What == "unparked");

        // Both failures were its workers': as far as the task's own budget goes, it never failed.
        await sound.CompleteAsync(await sound.LeaseOneAsync());
        Assert.Equal(10, (await StatisticsAsync()).Sum(statistics => statistics.TotalFailures));
    }

    [Fact]
    public async Task Should_leave_it_to_the_operator_when_one_was_faster()
    {
        var (sound, broken, task) = await ParkedByTwoThatBreakAsync();
        await Owners.AskAsync<Done>(Owners.Queues, new CancelTask { TaskId = task, Reason = "not wanted" });
        await FailOthersAsync(sound, broken);
        await PassAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(TaskState.Cancelled, (await TaskAsync(task)).State);
        Assert.Equal(2, (await ExplainAsync(task)).Decisions.Length);
    }

    [Fact]
    public async Task Should_keep_what_explains_a_task_for_as_long_as_it_is_parked()
    {
        var worker = await RegisterAsync("w");
        var task = await SubmitAsync("bad", "cpu_standard", each => each with { MaxRetries = 0 });
        (await worker.FailAsync(await worker.LeaseOneAsync(), ProcessingError, "malformed")).Chose(ManualIntervention, "processing_error");
        var other = await SubmitAsync("good", "cpu_standard");
        await worker.FailAsync(await worker.LeaseOneAsync(), WorkerOverloaded);
        await worker.CompleteAsync(await worker.LeaseOneAsync());

        await PassAsync(TimeSpan.FromMinutes(12));
        Assert.Empty((await ExplainAsync(other)).Decisions);
        (await DecisionAsync(task)).Chose(ManualIntervention, "processing_error");

        await CrashEverythingAsync();
        await PassAsync(TimeSpan.FromMinutes(2));
        (await DecisionAsync(task)).Chose(ManualIntervention, "processing_error");

        await Owners.AskAsync<Done>(Owners.Queues, new RequeueTask { TaskId = task, Reason = "mended" });
        await PassAsync(TimeSpan.FromMinutes(2));
        Assert.Empty((await ExplainAsync(task)).Decisions);
    }

    /// <summary>Two workers do well, break, and fail one task between them, which their record makes poison.</summary>
    private async Task<(ScenarioWorker Sound, ScenarioWorker[] Broken, TaskId Task)> ParkedByTwoThatBreakAsync()
    {
        var sound = await RegisterAsync("a");
        ScenarioWorker[] broken = [await RegisterAsync("b1"), await RegisterAsync("b2")];
        foreach (var worker in (ScenarioWorker[])[sound, .. broken])
        {
            for (var time = 0; time < 5; time++)
            {
                await NextAsync();
                await worker.CompleteAsync(await worker.LeaseOneAsync());
            }
        }

        await PassAsync(TimeSpan.FromSeconds(5));
        var task = await NextAsync();
        await broken[0].FailAsync(await broken[0].LeaseOneAsync(), ProcessingError, "CUDA error");
        (await broken[1].FailAsync(await broken[1].LeaseOneAsync(), ProcessingError, "CUDA error"))
            .Chose(ManualIntervention, "processing_error").Overruling("poison", ReassignSameQueue, "2 different workers", "b1", "b2");
        return (sound, broken, task);
    }

    private async Task FailOthersAsync(ScenarioWorker sound, ScenarioWorker[] broken)
    {
        foreach (var worker in broken)
        {
            for (var time = 0; time < 4; time++)
            {
                await NextAsync();
                await worker.FailAsync(await worker.LeaseOneAsync(), ProcessingError, "CUDA error");
                await sound.CompleteAsync(await sound.LeaseOneAsync());
            }
        }
    }

    private Task<TaskId> NextAsync() => SubmitAsync($"task-{++tasks}", "cpu_standard");
}
