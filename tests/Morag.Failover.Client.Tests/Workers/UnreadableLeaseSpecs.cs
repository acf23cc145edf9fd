using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.TestHosts;

namespace Morag.Failover.Client.Tests.Workers;

/// <summary>A worker over HTTP whose node grants leases that it cannot read.</summary>
public sealed class UnreadableLeaseSpecs : IAsyncLifetime
{
    private readonly FakeNode node = new();
    private readonly Ran ran = new();
    private readonly ConcurrentQueue<JsonArray> grants = new();
    private IHost host = null!;

    [Fact]
    public async Task Should_run_the_other_leases_and_report_the_one_that_it_cannot_read_once_by_its_field()
    {
        grants.Enqueue([Lease("one"), Lease("odd", "attempt", "first"), Lease("", "task_id", 7), Lease("two")]);
        grants.Enqueue([Lease("three")]);

        await Wait.UntilSucceedsAsync(() =>
        {
            Assert.Equal(["one", "three", "two"], ran.Tasks.Order());
            Assert.Single(node.CallsTo("POST", "/api/v1/tasks/odd/fail"));
            return Task.CompletedTask;
        });

        var report = node.CallsTo("POST", "/api/v1/tasks/odd/fail").Single().Body!;
        Assert.Equal(("processing_error", 7), ((string?)report["failure_type"], (int?)report["epoch"]));
        Assert.StartsWith(
            "the worker cannot read the task's lease: attempt: ", (string?)report["error_message"], StringComparison.Ordinal);
        Assert.Equal(3, node.CallsTo("POST", "/results").Count());
        Assert.Equal(3, RequestIds().Take(3).Distinct().Count());
    }

    [Fact]
    public async Task Should_ask_again_under_a_new_id_when_not_even_the_task_can_be_read()
    {
        grants.Enqueue([Lease("", "task_id", 7)]);
        grants.Enqueue([Lease("one")]);

        await Wait.UntilSucceedsAsync(() =>
        {
            Assert.Equal(["one"], ran.Tasks);
            return Task.CompletedTask;
        });

        Assert.Equal(2, RequestIds().Take(2).Distinct().Count());
        Assert.DoesNotContain(node.Calls, call => call.PathAndQuery.EndsWith("/fail", StringComparison.Ordinal));
    }

    public async Task InitializeAsync()
    {
        node.Answer = AnswerAsync;
        await node.StartAsync();
        host = await QuietHost.StartAsync(services => services
            .AddSingleton(ran)
            .AddMoragFailover(options => options.Nodes.Add(node.Address))
            .AddMoragWorker<Handler>(options => (options.WorkerId, options.Slots) = ("w", 10)));
    }

    public async Task DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
        await node.DisposeAsync();
    }

    private IEnumerable<string?> RequestIds() => node.CallsTo("POST", "/lease").Select(call => (string?)call.Body!["request_id"]);

    private static JsonObject Lease(string task, string? field = null, JsonNode? value = null)
    {
        var lease = new JsonObject
        {
            ["task_id"] = task,
            ["epoch"] = 7,
            ["queue"] = "q",
            ["payload"] = new JsonObject(),
            ["quality"] = new JsonObject(),
            ["attempt"] = 1,
            ["deadline"] = "2030-01-01T00:00:00Z",
            ["remaining_seconds"] = 3_600,
        };
        if (field is not null)
        {
            lease[field] = value;
        }

        return lease;
    }

    private async Task<IResult?> AnswerAsync(SeenCall call, HttpContext context)
    {
        switch (call.PathAndQuery)
        {
            case "/api/v1/workers/w" when call.Method == "GET":
                return Results.Json(new { type = ProblemTypes.Unknown, status = 404, detail = "there is no worker w" }, statusCode: 404);
            case "/api/v1/workers/register":
                return FakeNode.Json(new { worker_id = "w", message = "registered" });
            case "/api/v1/workers/w/heartbeat":
                return FakeNode.Json(new { leases = Array.Empty<object>() });
            case "/api/v1/workers/w/results":
                return FakeNode.Json(call.Body!.AsArray().Select(done => new
                {
                    task_id = (string?)done!["task_id"],
                    epoch = 7,
                    error = (object?)null,
                    deadline = (string?)null,
                }));
            case "/api/v1/workers/w/lease":
                while (!context.RequestAborted.IsCancellationRequested)
                {
                    if (grants.TryDequeue(out var granted))
                    {
                        return Results.Text(granted.ToJsonString(), "application/json");
                    }

                    await Task.Delay(TimeSpan.FromMilliseconds(5), context.RequestAborted)
                        .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }

                return null;
            case "/api/v1/tasks/odd/fail":
                return Results.Json(new { type = ProblemTypes.Conflict, status = 409, detail = "it has ended" }, statusCode: 409);
            default:
                return null;
        }
    }

    private sealed class Ran
    {
        private readonly ConcurrentQueue<string> tasks = new();

        public IReadOnlyCollection<string> Tasks => tasks;

        public void Add(string task) => tasks.Enqueue(task);
    }

    private sealed class Handler(Ran ran) : ITaskHandler
    {
        public Task<JsonText> HandleAsync(TaskRun task, CancellationToken cancellation)
        {
            ran.Add(task.TaskId.Value);
            return Task.FromResult(JsonText.Null);
        }
    }
}
