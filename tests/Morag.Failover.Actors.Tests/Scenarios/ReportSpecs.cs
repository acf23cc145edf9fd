using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;
using Xunit.Abstractions;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;
using static Morag.Failover.Contracts.Failover.FailureType;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>A lease fails once, whoever says so, however often, and in whatever words.</summary>
public sealed class ReportSpecs(ITestOutputHelper output) : ScenarioSpec(output)
{
    [Fact]
    public async Task Should_count_a_failure_as_recent_for_24_hours_and_as_one_for_ever()
    {
        await ReportAsync<FailoverDecision>(new() { TaskId = new("elsewhere"), FailureType = FailureType.ProcessingError });

        await Owners.PassAsync(TimeSpan.FromHours(24));
        Assert.Equal((1, 1), await CountsAsync());

        await Owners.PassAsync(TimeSpan.FromMinutes(1));
        Assert.Equal((1, 0), await CountsAsync());
        await CrashEverythingAsync();
        Assert.Equal((1, 0), await CountsAsync());

        async Task<(long Total, long Recent)> CountsAsync()
        {
            var statistics = await StatisticsAsync();
            return (statistics.Sum(each => each.TotalFailures), statistics.Sum(each => each.RecentFailures24h));
        }
    }

    [Fact]
    public async Task Should_decide_once_and_answer_all_alike_when_three_sources_report_one_failure_at_once()
    {
        var worker = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("page", "cpu_standard");
        var lease = await worker.LeaseOneAsync();
        var seen = new ReportFailure { TaskId = task, WorkerId = worker.Id, FailureType = ProcessingError, ErrorMessage = "malformed" };

        var answers = await Task.WhenAll(
            worker.FailAsync(lease, ProcessingError, "malformed"),
            ReportAsync<FailoverDecision>(seen with { EventId = new("monitor-17") }),
            ReportAsync<FailoverDecision>(seen with { Source = ReportSource.Operator, Epoch = lease.Epoch }));
        var repeated = await ReportAsync<FailoverDecision>(seen with { EventId = new("monitor-17") });

        var decision = (await DecisionAsync(task)).Chose(ReassignSameQueue, "processing_error").WithoutGuards().CarriedOut();
        Assert.All(
            answers.Append(repeated),
            answer => Assert.Equal(decision.DecisionMetadata.FailureId, answer.DecisionMetadata.FailureId));
        Assert.Equal((3, 1), (decision.DecisionMetadata.AttachedReports, decision.DecisionMetadata.FailureCount));
        Assert.Equal((1, 1), ((await worker.ScoreAsync()).FailureCount, (await TaskAsync(task)).RetryCount));
        Assert.Equal(1, (await StatisticsAsync()).Sum(part => part.TotalFailures));
    }

    [Fact]
    public async Task Should_keep_the_first_word_when_time_out_monitor_and_worker_tell_one_leases_end_with_three_types()
    {
        var worker = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("page", "cpu_standard", each => each with { Timeout = TimeSpan.FromMinutes(1) });
        var lease = await worker.LeaseOneAsync();
        await PassUntilAsync(lease.Deadline);

        var monitor = await ReportAsync<FailoverDecision>(
            new ReportFailure { TaskId = task, WorkerId = worker.Id, FailureType = WorkerOffline });
        await CrashEverythingAsync();
        var own = await worker.FailAsync(lease, ProcessingError, "killed at the end of its time");

        var decision = (await DecisionAsync(task)).Chose(RetrySameWorker, "task_timeout.retry").WithoutGuards().Delaying(60).CarriedOut();
        Assert.Equal(TaskTimeout, decision.FailureEvent.FailureType);
        Assert.All([monitor, own], answer => Assert.Equal(decision.DecisionMetadata.FailureId, answer.DecisionMetadata.FailureId));
        Assert.Equal(2, decision.DecisionMetadata.AttachedReports);
        Assert.Equal((1, TaskState.Delayed), ((await worker.ScoreAsync()).FailureCount, (await TaskAsync(task)).State));
    }

    [Fact]
    public async Task Should_change_nothing_when_a_stale_report_comes_after_the_task_moved_on()
    {
        var first = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("page", "cpu_standard");
        var lease = await first.LeaseOneAsync();
        await Owners.AskAsync<LeaseResults>(Owners.Queues, new ReleaseLeases
        {
            Partition = 0,
            WorkerId = first.Id,
            Leases = [new LeaseRef { TaskId = task, Epoch = lease.Epoch }],
        });
        var second = await RegisterAsync("cpu-2");
        var present = await second.LeaseOneAsync();

        var stale = await first.ReportAsync<FailureStale>(lease, ProcessingError, "too late to matter");
        await ReportAsync<FailureStale>(new ReportFailure { TaskId = task, WorkerId = first.Id, FailureType = WorkerOffline });
        await ReportAsync<FailureStale>(
            new ReportFailure { TaskId = task, WorkerId = new("cpu-9"), Epoch = present.Epoch, FailureType = WorkerOffline });

        Assert.Equal($"task page is leased to cpu-2 with epoch {present.Epoch}", stale.Detail);
        var explained = await ExplainAsync(task);
        Assert.Empty(explained.Decisions);
        Assert.Equal(["cpu-1", "cpu-1", "cpu-9"], explained.StaleReports.Select(report => report.WorkerId?.Value));
        Assert.Equal((0, 0), ((await first.ScoreAsync()).TotalTasks, (await second.ScoreAsync()).TotalTasks));
        await second.CompleteAsync(present);
    }

    [Fact]
    public async Task Should_count_failures_in_every_statistic_as_often_as_they_were_decided_when_much_went_wrong_and_all_restarted()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(DecisionMade));
        var workers = new List<ScenarioWorker>();
        for (var i = 1; i <= 3; i++)
        {
            workers.Add(await RegisterAsync($"cpu-{i}", slots: 4));
        }

        await SubmitManyAsync(12, "page", "cpu_standard");
        FailureType[] types = [ProcessingError, NetworkFailure, WorkerOverloaded, ResourceExhaustion, AuthenticationFailure];
        var said = 0;
        for (var round = 0; round < 4; round++)
        {
            foreach (var worker in workers)
            {
                foreach (var lease in await worker.LeaseAsync())
                {
                    var type = types[said++ % types.Length];
                    await worker.FailAsync(lease, type);
                    await worker.FailAsync(lease, type);
                }
            }

            await CrashEverythingAsync();
            await PassAsync(TimeSpan.FromSeconds(30));
        }

        workers[0].FallsSilent();
        await PassAsync(TimeSpan.FromMinutes(1));
        await ReportAsync<FailoverDecision>(
            new ReportFailure { TaskId = new("elsewhere"), WorkerId = new("cpu-9"), FailureType = ProcessingError });

        var made = new List<FailoverDecision>();
        while (HasMessages)
        {
            made.Add((await ExpectMsgAsync<DecisionMade>()).Decision);
        }

        Assert.True(made.Count > 20);
        var statistics = await StatisticsAsync();
        Assert.Equal(made.Count, statistics.Sum(part => part.TotalFailures));
        Assert.Equal(made.Count, statistics.Sum(part => part.RecentFailures24h));
        Assert.Equal(
            made.GroupBy(
                decision =>
                    Snake(decision.FailureEvent.FailureType)).ToImmutableSortedDictionary(type => type.Key, type => (long)type.Count()),
            statistics.SelectMany(part => part.FailureByType)
                .GroupBy(type => type.Key)
                .ToImmutableSortedDictionary(type => type.Key, type => type.Sum(count => count.Value)));
        var scores = await Task.WhenAll(workers.Select(worker => worker.ScoreAsync()));
        Assert.All(
            scores,
            score => Assert.Equal(made.Count(decision => decision.FailureEvent.WorkerId == score.WorkerId), score.FailureCount));
        var seen = await WorkerStatsAsync();
        Assert.Equal(workers.Count + 1, seen.Sum(part => part.WorkersWithReliabilityData));
        Assert.Equal(scores.Count(score => score.CircuitBreakerActive), seen.Sum(part => part.ActiveCircuitBreakers));

        static string Snake(FailureType type) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(type.ToString());
    }
}
