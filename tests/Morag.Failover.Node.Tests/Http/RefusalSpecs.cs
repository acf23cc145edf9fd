using Akka.Actor;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;
using Morag.Failover.Node.Http;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>What callers hear when an owner refuses, is silent, or answers late.</summary>
public sealed class RefusalSpecs : IAsyncLifetime
{
    private HttpNode http = null!;

    public async Task InitializeAsync() =>
        http = await HttpNode.Start(new HttpApiSettings { AnswerTimeout = TimeSpan.FromSeconds(2) });

    public async Task DisposeAsync() => await http.DisposeAsync();

    [Theory]
    [InlineData(RefusalReason.Invalid, 400, null)]
    [InlineData(RefusalReason.Unknown, 404, null)]
    [InlineData(RefusalReason.Conflict, 409, null)]
    [InlineData(RefusalReason.LimitReached, 429, "1")]
    [InlineData(RefusalReason.Unavailable, 503, "1")]
    public async Task Should_answer_with_the_status_of_the_refusal_when_an_owner_refuses(
        RefusalReason reason,
        int status,
        string? retryAfter)
    {
        var refused = new Refused { Reason = reason, Message = "because", Field = "worker_id" };
        http.Owners.Answer = message => message is SubmitTasks submit
            ? new TasksSubmitted
            {
                Results = [.. submit.Tasks.Select(task => new SubmissionResult { TaskId = task.TaskId, Refused = refused })],
            }
            : refused;

        foreach (var (method, path, body) in new (string, string, string?)[]
        {
            ("GET", "/api/v1/tasks/t-1", null),
            ("GET", "/api/v1/workers", null),
            ("POST", "/api/v1/tasks", """{"queue":"cpu_batch"}"""),
            ("POST", "/api/v1/workers/w-1/lease", "{}"),
            ("POST", "/api/v1/tasks/t-1/fail", """{"worker_id":"w","epoch":1,"failure_type":"task_timeout","error_message":""}"""),
            ("GET", "/api/v1/workers/w-1/session", null),
        })
        {
            var answer = await http.Call(method, path, body);
            Assert.True(answer.Status == status, $"{path}: {answer.Status} {answer.Body}");
            Assert.Equal("application/problem+json", answer.MediaType);
            Assert.Equal("because", answer.Text("detail"));
            Assert.Equal(retryAfter, answer.Headers.GetValueOrDefault("Retry-After"));
        }
    }

    [Theory]
    [InlineData("false", ProblemTypes.Unavailable)]
    [InlineData("true", ProblemTypes.OwnerDown)]
    public async Task Should_not_say_that_nothing_was_done_when_one_partition_is_down_and_another_has_cancelled_tasks(
        string dryRun, string type)
    {
        await using var own = await HttpNode.Start(failover: new FailoverSettings { Partitions = new() { Queues = 2 } });
        own.Owners.Answer = message => message is CancelTasks { Partition: 0 }
            ? Refused.Down("queue-0", "queue-0 is down", TimeSpan.FromSeconds(1))
            : GoodOwners.Answer(message);

        var answer = await own.Call(
            "POST", "/api/v1/tasks/cancel", $$"""{"filter":{"queue":"cpu_batch"},"reason":"why","dry_run":{{dryRun}}}""");

        Assert.Equal((503, type), (answer.Status, answer.Text("type")));
        Assert.Contains("queue-0 is down", answer.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_answer_503_when_an_owner_is_silent()
    {
        http.Owners.Answer = _ => null;

        var answer = await http.Call("GET", "/api/v1/tasks/t-1");

        Assert.Equal(503, answer.Status);
        Assert.Equal("1", answer.Headers["Retry-After"]);
    }

    [Fact]
    public async Task Should_answer_one_by_one_when_some_of_an_array_are_refused()
    {
        http.Owners.Answer = message => new TasksSubmitted
        {
            Results = [.. ((SubmitTasks)message).Tasks.Select(task => new SubmissionResult
            {
                TaskId = task.TaskId,
                Refused = task.TaskId.Value == "b" ? Refused.Conflict("other content") : null,
            })],
        };

        var answer = await http.Call(
            "POST",
            "/api/v1/tasks",
            """[{"task_id":"a","queue":"cpu_batch"},{"task_id":"b","queue":"cpu_batch"},{"task_id":"c","queue":"cpu_batch"}]""");

        Assert.Equal(202, answer.Status);
        Assert.Equal(["a", "b", "c"], answer.Body.EnumerateArray().Select(result => result.GetProperty("task_id").GetString()));
        Assert.Equal(409, answer.Body[1].GetProperty("error").GetProperty("status").GetInt32());
        Assert.Equal("queued", answer.Body[2].GetProperty("state").GetString());
    }

    [Fact]
    public async Task Should_name_the_fields_that_differ_when_a_resubmission_is_refused()
    {
        var refused = Refused.Conflict("these fields differ: priority, payload") with { Fields = ["priority", "payload"] };
        http.Owners.Answer = message => new TasksSubmitted
        {
            Results = [.. ((SubmitTasks)message).Tasks.Select(task => new SubmissionResult { TaskId = task.TaskId, Refused = refused })],
        };

        var one = await http.Call("POST", "/api/v1/tasks", """{"task_id":"a","queue":"cpu_batch"}""");
        Assert.Equal(409, one.Status);
        Assert.Equal(["priority", "payload"], one.Body.GetProperty("fields").EnumerateArray().Select(field => field.GetString()));

        var many = await http.Call("POST", "/api/v1/tasks", """[{"task_id":"a","queue":"cpu_batch"}]""");
        Assert.Equal(
            ["[0].priority", "[0].payload"],
            many.Body[0].GetProperty("error").GetProperty("fields").EnumerateArray().Select(field => field.GetString()));
    }

    [Theory]
    [InlineData(TaskState.Queued, null)]
    [InlineData(TaskState.Delayed, null)]
    [InlineData(TaskState.Leased, null)]
    [InlineData(TaskState.Deciding, null)]
    [InlineData(
        TaskState.Succeeded,
        "has succeeded. It does not run again. Read its result, or use another task_id to run the work again.")]
    [InlineData(TaskState.Cancelled, "was cancelled. It does not run. Use another task_id to run the work.")]
    [InlineData(TaskState.Parked, "is parked. It does not run until you requeue it.")]
    public async Task Should_say_that_nothing_will_run_when_a_task_is_submitted_again_that_has_ended(TaskState state, string? note)
    {
        http.Owners.Answer = message => new TasksSubmitted
        {
            Results = [.. ((SubmitTasks)message).Tasks.Select(task => new SubmissionResult { TaskId = task.TaskId, State = state })],
        };

        var answer = await http.Call("POST", "/api/v1/tasks", """{"task_id":"a","queue":"cpu_batch"}""");

        Assert.Equal(202, answer.Status);
        var said = answer.Body.GetProperty("note").GetString();
        Assert.Equal(note is null, said is null);
        Assert.EndsWith(note ?? "", said ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_fail_the_call_when_every_task_of_an_array_is_refused()
    {
        http.Owners.Answer = message => new TasksSubmitted
        {
            Results = [.. ((SubmitTasks)message).Tasks.Select(task => new SubmissionResult
            {
                TaskId = task.TaskId,
                Refused = Refused.LimitReached("full"),
            })],
        };

        Assert.Equal(429, (await http.Call("POST", "/api/v1/tasks", """[{"queue":"cpu_batch"},{"queue":"cpu_batch"}]""")).Status);
    }

    [Fact]
    public async Task Should_answer_each_outcome_in_order_when_results_are_handed_in()
    {
        http.Owners.Answer = message => message switch
        {
            ReportFailure { TaskId.Value: "stale" } report => new FailureStale { TaskId = report.TaskId, Detail = "w-2 holds it" },
            CompleteTasks complete => new LeaseResults
            {
                Results = [.. complete.Completions.Select(lease => new LeaseResult
                {
                    TaskId = lease.TaskId,
                    Epoch = lease.Epoch,
                    Refused = lease.TaskId.Value == "old" ? Refused.Conflict("a newer lease was granted") : null,
                })],
            },
            _ => GoodOwners.Answer(message),
        };

        var answer = await http.Call("POST", "/api/v1/workers/w-1/results", """
            [{"task_id":"done","epoch":1},{"task_id":"stale","epoch":1,"failure_type":"task_timeout","error_message":"x"},
             {"task_id":"old","epoch":1},{"task_id":"failed","epoch":1,"failure_type":"task_timeout","error_message":"x"}]
            """);

        Assert.Equal(
            [("done", true), ("stale", false), ("old", false), ("failed", true)],
            answer.Body.EnumerateArray().Select(
                result => (result.GetProperty("task_id").GetString(), result.GetProperty("accepted").GetBoolean())));
        Assert.Equal(409, answer.Body[1].GetProperty("error").GetProperty("status").GetInt32());
        Assert.Equal("a newer lease was granted", answer.Body[2].GetProperty("error").GetProperty("detail").GetString());
        Assert.Equal(
            "reassign_same_queue",
            answer.Body[3].GetProperty("decision").GetProperty("selected_action").GetProperty("strategy").GetString());
    }

    [Fact]
    public async Task Should_tell_the_holder_of_a_conflict_and_anyone_else_of_a_stale_report_when_a_report_is_stale()
    {
        http.Owners.Answer = message => new FailureStale { TaskId = ((ReportFailure)message).TaskId, Detail = "w-2 holds it" };

        var holder = await http.Call(
            "POST",
            "/api/v1/tasks/t-1/fail",
            """{"worker_id":"w","epoch":1,"failure_type":"task_timeout","error_message":""}""");
        Assert.Equal(409, holder.Status);
        Assert.EndsWith("stale", holder.Text("type"), StringComparison.Ordinal);

        var observer = await http.Call(
            "POST",
            "/api/v1/failures",
            """{"task_id":"t-1","failure_type":"task_timeout","error_message":""}""");
        Assert.Equal(200, observer.Status);
        Assert.True(observer.Body.GetProperty("stale").GetBoolean());
        Assert.Equal("w-2 holds it", observer.Text("detail"));
    }

    [Fact]
    public async Task Should_answer_404_when_neither_queue_nor_coordinator_knows_the_task_to_explain()
    {
        http.Owners.Answer = message => message switch
        {
            GetTaskDecisions => new TaskDecisions(),
            GetTask { TaskId.Value: "known" } => GoodOwners.Answer(message),
            _ => Refused.Unknown("there is no such task"),
        };

        Assert.Equal(404, (await http.Call("GET", "/api/v1/tasks/unknown/explain")).Status);
        Assert.Equal(0, (await http.Call("GET", "/api/v1/tasks/known/explain")).Body.GetArrayLength());
    }

    [Fact]
    public async Task Should_end_a_call_that_waits_for_leases_when_a_member_is_lost()
    {
        http.Owners.Answer = message => message is RequestLeases ? null : GoodOwners.Answer(message);
        var cluster = Akka.Cluster.Cluster.Get(http.System);
        using var other = ActorSystem.Create(http.System.Name, http.System.Settings.Config);
        await Akka.Cluster.Cluster.Get(other).JoinAsync(cluster.SelfAddress);
        var call = http.Call("POST", "/api/v1/workers/w-1/lease", """{"wait_seconds":30}""");
        await Eventually.IsTrue(() => http.Owners.Senders.ContainsKey(typeof(RequestLeases)));

        cluster.Down(Akka.Cluster.Cluster.Get(other).SelfAddress);

        var answer = await call;
        Assert.Equal(503, answer.Status);
        Assert.Equal("1", answer.Headers["Retry-After"]);
        Assert.Contains("request_id", answer.Text("detail"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"wait_seconds":30}""", false)]
    [InlineData("""{"wait_seconds":30,"request_id":"r-1"}""", true)]
    public async Task Should_tell_the_workers_entity_which_leases_were_not_delivered_when_the_caller_went_before_they_came(
        string body, bool isRepeatable)
    {
        http.Owners.Answer = message => message is RequestLeases ? null : GoodOwners.Answer(message);

        await GrantAfterDisconnectAsync(body, "t-9");

        await Eventually.IsTrue(() => http.Owners.Received<LeasesUndelivered>().Any());
        var undelivered = http.Owners.Received<LeasesUndelivered>().Single();
        Assert.Equal(("w-1", isRepeatable), (undelivered.WorkerId.Value, undelivered.IsRepeatable));
        Assert.Equal("t-9", Assert.Single(undelivered.Leases).TaskId.Value);
    }

    /// <summary>Asks for leases, disconnects, and grants a lease then.</summary>
    private async Task GrantAfterDisconnectAsync(string body, string task)
    {
        _ = http.Owners.Senders.TryRemove(typeof(RequestLeases), out _);
        using var patience = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/workers/w-1/lease")
        {
            Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json"),
        };
        var call = http.Client.SendAsync(request, patience.Token);
        await Eventually.IsTrue(() => http.Owners.Senders.ContainsKey(typeof(RequestLeases)));
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        // The node notices the closed connection in its own time.
        await Eventually.IsTrue(() => http.OpenCalls == 0);
        http.Owners.Senders[typeof(RequestLeases)].Tell(new LeasesGranted { Leases = [GoodOwners.Leased(task)] });
    }
}
