using Akka.Actor;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Node.Http;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>Calls whose owner may have no home: they fail early, and only then.</summary>
public sealed class LostOwnerSpecs
{
    private static readonly HttpApiSettings Settings = new()
    {
        AnswerTimeout = TimeSpan.FromSeconds(60),
        FailoverTimeout = TimeSpan.FromMilliseconds(200),
    };

    [Fact]
    public async Task Should_fail_with_503_long_before_the_answer_timeout_when_a_member_may_be_dead()
    {
        await using var http = await HttpNode.Start(Settings);
        http.Owners.Answer = static _ => null;
        http.Doubt.Members = true;

        var answer = await http.Call("GET", "/api/v1/tasks/t-1");

        Assert.Equal((503, "1"), (answer.Status, answer.Headers["Retry-After"]));
        Assert.Contains("Its node may be dead", answer.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_fail_with_503_long_before_the_answer_timeout_when_another_node_has_taken_over()
    {
        await using var http = await HttpNode.Start(Settings);
        http.Owners.Answer = static _ => null;
        http.Presence.Revoke();

        var answer = await http.Call("GET", "/api/v1/tasks/t-1");

        Assert.Equal((503, "1"), (answer.Status, answer.Headers["Retry-After"]));
        Assert.Contains("Another node has taken over from this one", answer.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_wait_for_a_slow_owner_when_every_member_is_alive()
    {
        await using var http = await HttpNode.Start(Settings);
        var asked = new TaskCompletionSource();
        http.Owners.Answer = message =>
        {
            _ = asked.TrySetResult();
            return null;
        };
        var call = http.Call("GET", "/api/v1/tasks/t-1");
        await asked.Task;

        // Far longer than the failover timeout. The answer comes only now.
        await Task.WhenAny(call, Task.Delay(Settings.FailoverTimeout * 5));
        Assert.False(call.IsCompleted);
        http.Owners.Senders[typeof(GetTask)].Tell(Refused.Unknown("no such task"), ActorRefs.NoSender);

        Assert.Equal(404, (await call).Status);
    }

    [Theory]
    [InlineData("/api/v1/workers/w-1/successes", """[{"task_id":"t","duration_seconds":1}]""")]
    [InlineData("/api/v1/failures", """{"task_id":"t","failure_type":"network_failure","error_message":"gone"}""")]
    public async Task Should_name_a_report_without_an_event_id_so_that_it_counts_once_when_it_is_sent_again(string path, string body)
    {
        await using var http = await HttpNode.Start(Settings);

        Assert.InRange((await http.Call("POST", path, body)).Status, 200, 201);

        var names = http.Owners.Received<RecordSuccesses>().SelectMany(report => report.Successes).Select(success => success.EventId)
            .Concat(http.Owners.Received<ReportFailure>().Select(report => report.EventId));
        Assert.NotNull(Assert.Single(names));
    }
}
