using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Morag.Failover.Client.Http;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Tests.Http;

/// <summary>Calls to a server that records them.</summary>
public sealed class HttpTransportSpecs : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly FakeNode node = new();
    private HttpTransport? transport;

    public static TheoryData<IWireMessage, string, string, string?> Calls => new()
    {
        { new GetTask { TaskId = new("a:b") }, "GET", "/api/v1/tasks/a:b", null },
        { new CancelTask { TaskId = new("a"), Reason = "no longer & needed" },
            "DELETE", "/api/v1/tasks/a?reason=no%20longer%20%26%20needed", null },
        { new RequeueTask { TaskId = new("a"), Reason = "fixed" }, "POST", "/api/v1/tasks/a/requeue",
            """{"queue":null,"quality":null,"reason":"fixed"}""" },
        { new GetTaskDecisions { TaskId = new("a") }, "GET", "/api/v1/tasks/a/explain", null },
        { new ExtendLease { TaskId = new("a"), WorkerId = new("w"), Epoch = new(3), By = TimeSpan.FromSeconds(90) },
            "POST", "/api/v1/tasks/a/extend", """{"worker_id":"w","epoch":3,"seconds":90}""" },
        { new ReportProgress { TaskId = new("a"), WorkerId = new("w"), Epoch = new(3), Percent = 40, Checkpoint = JsonText.Trusted("[1]") },
            "POST", "/api/v1/tasks/a/progress", """{"worker_id":"w","epoch":3,"percent":40,"message":null,"checkpoint":[1]}""" },
        { new ReleaseLeases { Partition = 0, WorkerId = new("w"), Leases = [new LeaseRef { TaskId = new("a"), Epoch = new(3) }] },
            "POST", "/api/v1/tasks/a/release", """{"worker_id":"w","epoch":3}""" },
        { new CompleteTasks { Partition = 0, WorkerId = new("w"), Completions = [new() { TaskId = new("a"), Epoch = new(3) }] },
            "POST", "/api/v1/workers/w/results", """[{"task_id":"a","epoch":3,"result":null}]""" },
        { new RequestLeases
            { WorkerId = new("w"), MaxTasks = 2, Wait = TimeSpan.FromSeconds(5), RequestId = new("r"), InstanceId = new("i") },
            "POST", "/api/v1/workers/w/lease",
            """{"max_tasks":2,"wait_seconds":5,"queues":null,"request_id":"r","instance_id":"i"}""" },
        { new UnregisterWorker { WorkerId = new("w") }, "DELETE", "/api/v1/workers/w", null },
        { new UnregisterWorker { WorkerId = new("w"), InstanceId = new("i") }, "DELETE", "/api/v1/workers/w?instance_id=i", null },
        { new DrainWorker { WorkerId = new("w"), Reason = "update", Deadline = TimeSpan.FromMinutes(1) },
            "POST", "/api/v1/workers/w/drain", """{"reason":"update","deadline_seconds":60}""" },
        { new ResumeWorker { WorkerId = new("w") }, "POST", "/api/v1/workers/w/resume", null },
        { new SetBreaker { WorkerId = new("w"), Action = BreakerAction.Reset, Reason = "new disk" },
            "POST", "/api/v1/workers/w/breaker", """{"action":"reset","reason":"new disk"}""" },
        { new TakeWorkerOffline { WorkerId = new("w"), Reason = "fire" }, "POST", "/api/v1/workers/w/offline", """{"reason":"fire"}""" },
        { new CancelTasks { Partition = 0, Filter = new TaskFilter { Queue = new("q") }, Reason = "no longer needed" },
            "POST", "/api/v1/tasks/cancel",
            """{"filter":{"state":null,"queue":"q","worker":null},"reason":"no longer needed","dry_run":false}""" },
        { new RequeueTasks { Partition = 0, Filter = new TaskFilter { Worker = new("w") }, Reason = "fixed", DryRun = true },
            "POST", "/api/v1/tasks/requeue",
            """{"filter":{"state":null,"queue":null,"worker":"w"},"reason":"fixed","dry_run":true,"queue":null,"quality":null}""" },
        { new ListTasks { Partition = 0, Filter = new TaskFilter { State = TaskState.Parked }, After = new("a:b"), Limit = 10 },
            "GET", "/api/v1/tasks?state=parked&limit=10&after=a%3Ab", null },
        { new SearchTasks { Partition = 0, Filter = "failures>2 -queue:a,b", At = default, After = SearchPlace.OfId(new("a")), Limit = 10 },
            "GET", "/api/v1/tasks?filter=failures%3E2%20-queue%3Aa%2Cb&limit=10&after=a", null },
        { new ListFailures { Partition = 0, Since = DateTimeOffset.UnixEpoch, Type = FailureType.TaskTimeout, Worker = new("w") },
            "GET", "/api/v1/failures?since=1970-01-01T00%3A00%3A00Z&type=task_timeout&worker=w&limit=100", null },
        { new ListStaleReports
            {
                Partition = 0, Task = new("a"), Worker = new("w"), After = new() { At = DateTimeOffset.UnixEpoch, TaskId = new("b") },
            },
            "GET", "/api/v1/failures/stale?task=a&worker=w&limit=100&after=NjIxMzU1OTY4MDAwMDAwMDAwIGI", null },
        { new ListWorkers { Bucket = 0 }, "GET", "/api/v1/workers?limit=100", null },
        { new GetWorkerStats { Bucket = 0 }, "GET", "/api/v1/workers/stats", null },
        { new GetQueueStats { Partition = 0 }, "GET", "/api/v1/queues", null },
        { new ListAudit { Partition = 0, By = "anna", Action = AuditAction.QueuePause, Target = "q", Limit = 5 },
            "GET", "/api/v1/audit?by=anna&action=queue_pause&target=q&limit=5", null },
        { new ListAlerts { State = AlertState.Active, Severity = AlertSeverity.Error, Component = "q", After = "9", Limit = 5 },
            "GET", "/api/v1/alerts?state=active&severity=error&component=q&limit=5&after=9", null },
        { new GetAlert { Id = "7" }, "GET", "/api/v1/alerts/7", null },
        { new AcknowledgeAlert { Id = "7", Note = "on it" }, "POST", "/api/v1/alerts/7/acknowledge", """{"note":"on it"}""" },
        { new UnacknowledgeAlert { Id = "7" }, "POST", "/api/v1/alerts/7/unacknowledge", """{"note":""}""" },
        { new ListWebhooks(), "GET", "/api/v1/alerts/webhooks", null },
        { new TestWebhook { Name = "ops" }, "POST", "/api/v1/alerts/test-webhook", """{"webhook":"ops"}""" },
        { new GetAlertSettings(), "GET", "/api/v1/alerts/settings", null },
        { new SetAlertSettings { Thresholds = new() { QueueAgeSeconds = 60 }, Off = [AlertKind.StoreSlow], Reason = "more" },
            "POST", "/api/v1/alerts/settings",
            """
            {"raise_after_seconds":null,"resolve_after_seconds":null,"queue_age_seconds":60,"flapping_losses":null,"failure_rate":null,
            "failure_rate_attempts":null,"store_latency_seconds":null,"store_use":null,"reset":[],"off":["store_slow"],"on":[],
            "reason":"more"}
            """ },
        { new GetQueueControl { Queue = new("q") }, "GET", "/api/v1/queues/q/limits", null },
        { new PauseQueue { Queue = new("q"), Reason = "a bad model" },
            "POST", "/api/v1/queues/q/pause", """{"reason":"a bad model"}""" },
        { new ResumeQueue { Queue = new("q"), Reason = "fixed" }, "POST", "/api/v1/queues/q/resume", """{"reason":"fixed"}""" },
        { new SetQueueLimits { Queue = new("q"), Limits = new() { PerWorker = 3 }, Reset = [QueueLimit.Timeout], Reason = "more" },
            "POST", "/api/v1/queues/q/limits",
            """{"per_worker":3,"weight":null,"timeout_seconds":null,"unserved_after_seconds":null,"reset":["timeout"],"reason":"more"}""" },
        { new GetFailureStatistics { Partition = 0 }, "GET", "/api/v1/failures/statistics", null },
        { new GetWorkerReliability { WorkerId = new("w") }, "GET", "/api/v1/workers/w/reliability", null },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Should_make_the_documented_call_for_each_message(IWireMessage message, string method, string path, string? body)
    {
        node.Answer = (_, _) => Task.FromResult<IResult?>(Results.StatusCode(409));

        _ = await Assert.ThrowsAsync<MoragConflictException>(() => Connect().AskAsync(message, Limit, CancellationToken.None));

        var call = node.Calls.Single(seen => !seen.PathAndQuery.EndsWith("/cluster/nodes", StringComparison.Ordinal));
        Assert.Equal((method, path), (call.Method, call.PathAndQuery));
        Assert.True(JsonNode.DeepEquals(body is null ? null : JsonNode.Parse(body), call.Body), call.Body?.ToJsonString());
    }

    [Fact]
    public async Task Should_send_every_field_of_a_submission_and_read_each_result()
    {
        node.Answer = (call, _) => Task.FromResult<IResult?>(call.Method == "GET" ? null : Results.Text(
            """
            [
              { "task_id": "a", "state": "queued", "error": null, "note": null },
              { "task_id": "b", "state": null, "note": null, "error": { "type": "urn:morag-failover:problem:conflict", "status": 409,
                "detail": "other content", "field": null, "fields": ["[1].queue"] } }
            ]
            """,
            "application/json",
            statusCode: 202));
        var submit = new SubmitTasks
        {
            Partition = 0,
            Tasks =
            [
                new TaskSubmission
                {
                    TaskId = new("a"), Queue = new("q"), Priority = TaskPriority.High, Payload = JsonText.Of(new { x = 1 }),
                    Timeout = TimeSpan.FromMinutes(1), MaxRetries = 2, ContentType = "text/plain",
                    Quality = JsonText.Of(new { fast = true }),
                    ResourceRequirements = new ResourceRequirements { MemoryGb = 4 }, EstimatedDuration = 3,
                    TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                },
                new TaskSubmission { TaskId = new("b"), Queue = new("q") },
            ],
        };

        var submitted = (TasksSubmitted)await Connect().AskAsync(submit, Limit, CancellationToken.None);

        Assert.Equal((TaskState.Queued, null), (submitted.Results[0].State, submitted.Results[0].Refused));
        var refused = submitted.Results[1].Refused!;
        Assert.Equal((RefusalReason.Conflict, "other content"), (refused.Reason, refused.Message));
        Assert.Equal(["[1].queue"], refused.Fields.AsEnumerable());
        var expected = JsonNode.Parse(
            """
            { "task_id": "a", "queue": "q", "priority": 8, "payload": { "x": 1 }, "timeout_seconds": 60, "max_retries": 2,
              "content_type": "text/plain", "quality": { "fast": true },
              "resource_requirements": { "gpu_required": false, "memory_gb": 4, "disk_gb": 0 }, "estimated_duration": 3,
              "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" }
            """);
        var sent = Assert.Single(node.CallsTo("POST", "/tasks")).Body![0];
        Assert.True(JsonNode.DeepEquals(expected, sent), sent!.ToJsonString());
    }

    [Fact]
    public async Task Should_say_that_the_lease_has_ended_when_the_report_of_an_observer_is_stale()
    {
        node.Answer = (call, _) => Task.FromResult<IResult?>(
            call.Method == "POST" ? FakeNode.Json(new { task_id = "a", stale = true, detail = "task a has succeeded" }) : null);
        var report = new ReportFailure { TaskId = new("a"), FailureType = FailureType.TaskTimeout };

        var ended = await Assert.ThrowsAsync<MoragLeaseEndedException>(() => Connect().AskAsync(report, Limit, CancellationToken.None));

        Assert.Equal("task a has succeeded", ended.Message);
        Assert.False(ended.OutcomeUnknown);
    }

    [Fact]
    public async Task Should_ask_for_the_next_page_while_the_node_links_to_one()
    {
        node.Answer = (call, context) =>
        {
            if (!call.PathAndQuery.StartsWith("/api/v1/tasks", StringComparison.Ordinal))
            {
                return Task.FromResult<IResult?>(null);
            }

            var isFirst = !call.PathAndQuery.Contains("after", StringComparison.Ordinal);
            context.Response.Headers.Link = isFirst ? "</api/v1/tasks?limit=1000&after=b>; rel=\"next\"" : default;
            return Task.FromResult<IResult?>(FakeNode.Json(
                (isFirst ? new[] { "a", "b" } : ["c"]).Select(task => new { task_id = task, queue_type = "q", unknown = 1 })));
        };
        var read = new List<string>();

        await foreach (var task in new MoragClient(Connect()).ListTasksAsync())
        {
            read.Add(task.TaskId.Value);
        }

        Assert.Equal(["a", "b", "c"], read);
        Assert.Equal(
            ["/api/v1/tasks?limit=1000", "/api/v1/tasks?limit=1000&after=b"],
            node.CallsTo("GET", "/tasks").Select(call => call.PathAndQuery));
    }

    [Fact]
    public async Task Should_not_take_a_list_for_complete_when_the_node_says_that_a_part_is_missing()
    {
        node.Answer = (call, context) =>
        {
            context.Response.Headers["Morag-Incomplete"] = "queue-1";
            return Task.FromResult<IResult?>(FakeNode.Json(Array.Empty<object>()));
        };

        var failure = await Assert.ThrowsAsync<MoragUnavailableException>(
            () => Connect().AskAsync(new ListTasks { Partition = 0 }, Limit, CancellationToken.None));

        Assert.True(failure.IsTransient);
        Assert.Contains("queue-1", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_not_repeat_a_bulk_call_that_changed_a_part_when_the_node_says_that_another_part_is_missing(bool dryRun)
    {
        node.Answer = (call, context) =>
        {
            var isFirst = node.CallsTo("POST", "/tasks/requeue").Count() == 1;
            context.Response.Headers["Morag-Incomplete"] = isFirst ? "queue-1" : default;
            return Task.FromResult<IResult?>(FakeNode.Json(new { count = 5, sample = Array.Empty<string>() }));
        };
        var requeued = new MoragClient(Connect()).RequeueTasksAsync(new TaskFilter { Queue = new("q") }, "fixed", dryRun);

        if (dryRun)
        {
            Assert.Equal(5, (await requeued).Count);
        }
        else
        {
            Assert.True((await Assert.ThrowsAsync<MoragUnavailableException>(() => requeued)).OutcomeUnknown);
        }

        Assert.Equal(dryRun ? 2 : 1, node.CallsTo("POST", "/tasks/requeue").Count());
    }

    [Fact]
    public async Task Should_report_as_the_holder_of_the_lease_or_as_an_observer()
    {
        node.Answer = (_, _) => Task.FromResult<IResult?>(Results.StatusCode(409));
        var report = new ReportFailure { TaskId = new("a"), WorkerId = new("w"), Epoch = new(3), FailureType = FailureType.TaskTimeout };

        foreach (var source in new[] { ReportSource.LeaseHolder, ReportSource.Observer })
        {
            _ = await Assert.ThrowsAsync<MoragConflictException>(
                () => Connect().AskAsync(report with { Source = source }, Limit, CancellationToken.None));
        }

        Assert.Single(node.CallsTo("POST", "/tasks/a/fail"));
        Assert.Equal("task_timeout", (string?)Assert.Single(node.CallsTo("POST", "/failures")).Body!["failure_type"]);
    }

    [Fact]
    public async Task Should_ask_the_provider_again_when_the_token_is_rejected()
    {
        node.RequiredToken = "second";
        node.Answer = (call, _) => Task.FromResult<IResult?>(FakeNode.Json(new { worker_id = "w" }));
        var tokens = new Queue<string>(["first", "second"]);
        var asked = 0;
        var own = Connect(options => options.TokenProvider = _ =>
        {
            asked++;
            return ValueTask.FromResult<string?>(tokens.Dequeue());
        });

        var get = new GetWorkerReliability { WorkerId = new("w") };
        _ = await own.AskAsync(get, Limit, CancellationToken.None);
        _ = await own.AskAsync(get, Limit, CancellationToken.None);

        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task Should_fail_without_a_call_when_the_provider_fails()
    {
        var own = Connect(options => options.TokenProvider = _ => throw new InvalidOperationException("the vault is sealed"));

        var failure = await Assert.ThrowsAsync<MoragUnavailableException>(
            () => own.AskAsync(new GetWorker { WorkerId = new("w") }, Limit, CancellationToken.None));

        Assert.Contains("the vault is sealed", failure.Message, StringComparison.Ordinal);
        Assert.False(failure.OutcomeUnknown);
        Assert.Empty(node.Calls);
    }

    [Fact]
    public async Task Should_fail_without_a_call_and_without_naming_the_token_when_the_provider_returns_one_with_a_line_break()
    {
        var own = Connect(options => options.TokenProvider = _ => ValueTask.FromResult<string?>("secret\nsecond"));

        var failure = await Assert.ThrowsAsync<MoragUnavailableException>(
            () => own.AskAsync(new GetWorker { WorkerId = new("w") }, Limit, CancellationToken.None));

        Assert.Contains("the token must consist of visible ASCII characters", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.ToString(), StringComparison.Ordinal);
        Assert.Empty(node.Calls);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(429)]
    [InlineData(409)]
    public async Task Should_say_that_the_outcome_is_unknown_when_the_first_node_lost_the_call_and_the_next_one_refuses_it(int status)
    {
        await using var other = new FakeNode();
        other.Answer = (_, _) => Task.FromResult<IResult?>(
            Results.Problem("no", type: ProblemTypes.Prefix + "any", statusCode: status));
        await other.StartAsync();
        node.Answer = (_, context) =>
        {
            context.Abort();
            return Task.FromResult<IResult?>(null);
        };
        var own = Connect(options => options.Nodes.Add(other.Address));

        var failure = await Assert.ThrowsAnyAsync<MoragException>(
            () => own.AskAsync(new CancelTask { TaskId = new("a") }, Limit, CancellationToken.None));

        Assert.True(failure.OutcomeUnknown, failure.ToString());
        Assert.Single(other.CallsTo("DELETE", "/tasks/a"));
    }

    [Fact]
    public async Task Should_call_results_unavailable_when_a_proxy_answers_that_there_is_nothing()
    {
        node.Answer = (_, _) => Task.FromResult<IResult?>(Results.Text("<html>not found</html>", "text/html", statusCode: 404));
        var complete = new CompleteTasks
        {
            Partition = 0,
            WorkerId = new("w"),
            Completions = [new() { TaskId = new("a"), Epoch = new(3) }],
        };

        var failure = await Assert.ThrowsAsync<MoragUnavailableException>(
            () => Connect().AskAsync(complete, Limit, CancellationToken.None));

        Assert.True(failure.IsTransient);
    }

    [Theory]
    [InlineData("stats")]
    [InlineData("Stats")]
    [InlineData("REGISTER")]
    public async Task Should_not_call_the_counts_of_all_workers_when_a_worker_has_the_name_of_that_call(string id)
    {
        _ = await Assert.ThrowsAsync<MoragNotFoundException>(
            () => Connect().AskAsync(new GetWorker { WorkerId = new(id) }, Limit, CancellationToken.None));

        Assert.Empty(node.CallsTo("GET", $"/workers/{id}"));
    }

    [Fact]
    public async Task Should_say_what_it_knows_of_the_outcome_when_no_node_answers()
    {
        node.Answer = (_, context) =>
        {
            context.Abort();
            return Task.FromResult<IResult?>(null);
        };
        Assert.True(await OutcomeUnknownAsync());

        await node.StopAsync();
        Assert.False(await OutcomeUnknownAsync());

        async Task<bool> OutcomeUnknownAsync() => (await Assert.ThrowsAsync<MoragUnavailableException>(() => Connect().AskAsync(
            new RequeueTask { TaskId = new("a"), Reason = "fixed" }, Limit, CancellationToken.None))).OutcomeUnknown;
    }

    [Fact]
    public async Task Should_keep_the_time_to_wait_and_the_owner_when_a_part_of_the_state_is_down()
    {
        node.Answer = (_, context) =>
        {
            context.Response.Headers.RetryAfter = "7";
            return Task.FromResult<IResult?>(Results.Text(
                """{ "type": "urn:morag-failover:problem:owner_down", "status": 503, "detail": "queue-0 is down", "owner": "queue-0" }""",
                "application/problem+json",
                statusCode: 503));
        };

        var failure = await Assert.ThrowsAsync<MoragUnavailableException>(
            () => Connect().AskAsync(new GetTask { TaskId = new("a") }, Limit, CancellationToken.None));

        Assert.Equal((TimeSpan.FromSeconds(7), "queue-0", false), (failure.RetryAfter, failure.Owner, failure.OutcomeUnknown));
    }

    [Fact]
    public async Task Should_yield_the_signals_that_it_knows_until_the_session_ends()
    {
        node.Answer = (call, _) => Task.FromResult<IResult?>(Results.Text(
            ": open\n\nevent: drain\ndata: {\"reason\":\"update\",\"deadline\":null}\n\nevent: news\ndata: {}\n\n"
            + "event: breaker\ndata: 7\n\n"
            + "event: lease_extended\ndata: {\"task_id\":\"a\",\"epoch\":3,\"deadline\":\"2030-01-01T00:00:00Z\"}\n\n"
            + "event: lease_revoked\ndata: {\"task_id\":\"a\",\"epoch\":3,\"reason\":\"cancelled\"}\n\n",
            "text/event-stream"));
        var signals = new List<ISessionSignal>();

        await foreach (var signal in Connect().OpenSessionAsync(
            new OpenSession { WorkerId = new("w"), InstanceId = new("i"), SessionId = "s" }, CancellationToken.None))
        {
            signals.Add(signal);
        }

        Assert.Equal(
            [
                new DrainSignal { Reason = "update" },
                new DeadlineSignal { TaskId = new("a"), Epoch = new(3), Deadline = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero) },
                new LeaseRevoked { TaskId = new("a"), Epoch = new(3), Reason = "cancelled" },
            ],
            signals);
        Assert.Equal("/api/v1/workers/w/session?instance_id=i", node.Calls.First().PathAndQuery);
    }

    public Task InitializeAsync() => node.StartAsync();

    public async Task DisposeAsync()
    {
        if (transport is not null)
        {
            await transport.DisposeAsync();
        }

        await node.DisposeAsync();
    }

    private HttpTransport Connect(Action<MoragFailoverOptions>? configure = null)
    {
        if (transport is null)
        {
            var options = new MoragFailoverOptions { Nodes = { node.Address } };
            configure?.Invoke(options);
            transport = new HttpTransport(options);
        }

        return transport;
    }
}
