using Akka.Actor;
using Akka.Event;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Owners;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Log;
using Morag.Failover.Node.Inspection;
using Morag.Failover.Node.Logging;
using Morag.Failover.Node.Tests.Http;

namespace Morag.Failover.Node.Tests.Inspection;

/// <summary>The calls by which operators look into nodes and steer them.</summary>
public sealed class NodeOperationsSpecs : IAsyncLifetime
{
    private HttpNode http = null!;

    public async Task InitializeAsync() => http = await HttpNode.Start();

    public async Task DisposeAsync() => await http.DisposeAsync();

    [Fact]
    public async Task Should_show_the_cluster_in_numbers()
    {
        var status = (await http.Call("GET", "/api/v1/cluster/status")).Body;

        Assert.Equal((1, 1), (status.GetProperty("nodes").GetInt32(), status.GetProperty("up").GetInt32()));
        Assert.Equal(Name, status.GetProperty("leader").GetString());
        Assert.Equal(Name, status.GetProperty("oldest").GetString());
        Assert.True(status.GetProperty("converged").GetBoolean());
        Assert.Empty(status.GetProperty("unreachable").EnumerateArray());
    }

    [Theory]
    [InlineData("leave", "only one that is up")]
    [InlineData("down", "is reachable")]
    public async Task Should_need_force_when_the_node_works_and_is_the_only_one(string call, string why)
    {
        var answer = await http.Call("POST", $"/api/v1/cluster/{call}", """{"node":"self","reason":"dead"}""");

        Assert.Equal((409, "force"), (answer.Status, answer.Text("field")));
        Assert.Contains(why, answer.Text("detail"), StringComparison.Ordinal);
        Assert.Equal(Akka.Cluster.MemberStatus.Up, Cluster.SelfMember.Status);
    }

    [Theory]
    [InlineData("leave")]
    [InlineData("down")]
    public async Task Should_change_nothing_when_it_is_a_dry_run(string call)
    {
        var answer = await http.Call("POST", $"/api/v1/cluster/{call}", """{"node":"self","dry_run":true}""");

        Assert.Equal(200, answer.Status);
        Assert.True(answer.Body.GetProperty("dry_run").GetBoolean());
        Assert.Empty(http.Owners.Received<RecordAudit>());
        Assert.Contains("needs force", answer.Text("next"), StringComparison.Ordinal);
        Assert.Equal(Akka.Cluster.MemberStatus.Up, Cluster.SelfMember.Status);
    }

    [Fact]
    public async Task Should_remove_a_node_that_works_when_it_is_forced()
    {
        var answer = await http.Call("POST", "/api/v1/cluster/down", """{"node":"self","reason":"dead","force":true}""");

        Assert.Equal(200, answer.Status);
        var entry = Assert.Single(Assert.Single(http.Owners.Received<RecordAudit>()).Entries);
        Assert.Equal(
            (AuditAction.NodeDown, Name, "dead", "up, reachable", "down"),
            (entry.Action, entry.Target, entry.Reason, entry.Before, entry.After));
        await Eventually.IsTrue(() => Cluster.IsTerminated);
    }

    [Theory]
    [InlineData("""{"node":"10.9.8.7:1","reason":"dead"}""", 404, "node")]
    [InlineData("""{"node":"self"}""", 400, "reason")]
    [InlineData("""{"reason":"dead"}""", 400, "node")]
    public async Task Should_name_the_field_when_a_call_about_a_node_is_wrong(string body, int status, string field)
    {
        var answer = await http.Call("POST", "/api/v1/cluster/down", body);

        Assert.Equal((status, field), (answer.Status, answer.Text("field")));
    }

    [Fact]
    public async Task Should_list_the_nodes_when_there_is_no_such_node()
    {
        var answer = await http.Call("GET", "/api/v1/log/level?node=nobody");

        Assert.Equal($"no node of the cluster is called \"nobody\". The nodes are {Name}", answer.Text("detail"));
    }

    [Fact]
    public async Task Should_log_less_and_then_more_when_the_level_changes()
    {
        using var log = await EventReader.Open(http, "/api/v1/log?lines=0");
        var actors = Akka.Event.Logging.GetLogger(http.System, "spec");

        await SetLevel("error");
        actors.Warning("hidden");
        actors.Error("shown");
        Assert.Contains("shown", await NextEntryOf(log), StringComparison.Ordinal);

        await SetLevel("warning");
        actors.Warning("shown again");
        Assert.Contains("shown again", await NextEntryOf(log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_say_who_changed_the_level_and_until_when()
    {
        await http.Call(
            "POST", "/api/v1/log/level", """{"node":"self","level":"debug","for_seconds":600,"reason":"a riddle"}""");

        var level = (await http.Call("GET", "/api/v1/log/level")).Body.EnumerateArray().Single();
        Assert.Equal("debug", level.GetProperty("level").GetString());
        Assert.Equal("warning", level.GetProperty("configured").GetString());
        Assert.Equal("a riddle", level.GetProperty("reason").GetString());
        Assert.True(level.GetProperty("until").GetDateTimeOffset() > TimeProvider.System.GetUtcNow().AddMinutes(5));
    }

    [Fact]
    public async Task Should_restore_the_configured_level_when_its_time_is_over()
    {
        await http.Call("POST", "/api/v1/log/level", """{"node":"self","level":"debug","for_seconds":1,"reason":"a riddle"}""");

        await Eventually.IsTrue(async () =>
            (await http.Call("GET", "/api/v1/log/level")).Body[0].GetProperty("level").GetString() == "warning");
    }

    [Fact]
    public async Task Should_restore_the_configured_level_also_when_its_actor_has_started_again()
    {
        var feed = new NodeLogFeed(TimeProvider.System);
        var level = new LogLevelSwitch(LogSeverity.Warning);
        var first = http.System.ActorOf(NodeInspector.Props(feed, level));
        var set = new SetNodeLogLevel { Level = LogSeverity.Debug, For = TimeSpan.FromSeconds(1), Reason = "a riddle", By = "anna" };
        var asked = await first.Ask<NodeLogLevel>(set, HttpNode.Patience);
        await first.GracefulStop(HttpNode.Patience);

        var second = http.System.ActorOf(NodeInspector.Props(feed, level));

        var told = await second.Ask<NodeLogLevel>(new GetNodeLogLevel(), HttpNode.Patience);
        Assert.Equal(("anna", "a riddle", asked.Until), (told.By, told.Reason, told.Until));
        await Eventually.IsTrue(() => level.Current == LogSeverity.Warning);
    }

    [Fact]
    public void Should_count_the_entries_that_a_reader_missed()
    {
        var feed = new NodeLogFeed(TimeProvider.System);
        feed.Add(LogSeverity.Warning, "spec", "first", null);
        var known = feed.Read(new GetNodeLog { Last = 1 });
        Flood(feed, NodeLogFeed.MaxKept + 300);

        var after = feed.Read(new GetNodeLog { Run = known.Run, After = known.Last, Last = NodeLogPage.MaxLines });
        Assert.Equal(300, after.Missed);

        // The node has started again since the reader's last entry, and has logged more than it keeps.
        var restarted = feed.Read(new GetNodeLog { Run = known.Run - 1, After = known.Last, Last = NodeLogPage.MaxLines });
        Assert.Equal(301, restarted.Missed);
    }

    [Fact]
    public async Task Should_keep_up_with_a_node_that_logs_more_than_one_answer_holds()
    {
        var feed = new NodeLogFeed(TimeProvider.System);
        var inspector = http.System.ActorOf(NodeInspector.Props(feed, new LogLevelSwitch(LogSeverity.Warning)), "other-inspector");
        Flood(feed, 1_000);
        var asked = 0;
        var reader = new NodeLogReader(
            request =>
            {
                asked++;
                return inspector.Ask<NodeLogPage?>(request, HttpNode.Patience);
            },
            new GetNodeLog { Run = 1, Last = NodeLogPage.MaxLines });

        var lines = 0;
        do
        {
            lines += (await reader.NextAsync()).Count(line => line.Name == "line");
        }
        while (reader.HasMore);

        Assert.Equal((1_000, 6), (lines, asked));
    }

    [Fact]
    public async Task Should_continue_a_log_after_the_last_entry_that_the_reader_has()
    {
        var actors = Akka.Event.Logging.GetLogger(http.System, "spec");
        actors.Warning("first");
        actors.Warning("second");
        string id;
        using (var log = await EventReader.Open(http, "/api/v1/log?lines=200"))
        {
            id = await log.IdOfEventWith("first");
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/log?once=true");
        request.Headers.Add("Last-Event-ID", id);
        using var answer = await http.Client.SendAsync(request);
        var rest = await answer.Content.ReadAsStringAsync();
        Assert.DoesNotContain("first", rest, StringComparison.Ordinal);
        Assert.Contains("second", rest, StringComparison.Ordinal);
        Assert.EndsWith("event: end\ndata: {}\n\n", rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_show_the_actors_with_what_waits_for_them()
    {
        var tree = (await http.Call("GET", "/api/v1/actors/tree?under=/user")).Body[0];

        Assert.Equal(Name, tree.GetProperty("name").GetString());
        var top = tree.GetProperty("children")[0];
        Assert.Equal("user", top.GetProperty("name").GetString());
        Assert.True(top.GetProperty("actors").GetInt32() > 0);
        var inspector = top.GetProperty("children").EnumerateArray()
            .Single(child => child.GetProperty("name").GetString() == "node-inspector");
        Assert.Equal(0, inspector.GetProperty("mailbox").GetInt32());
    }

    [Fact]
    public async Task Should_show_how_many_messages_wait_when_an_actor_is_busy()
    {
        using var goOn = new ManualResetEventSlim();
        var busy = http.System.ActorOf(Props.Create(() => new Busy(goOn)), "busy");
        for (var number = 0; number < 4; number++)
        {
            busy.Tell(number);
        }

        await Eventually.IsTrue(async () => (await http.Call("GET", "/api/v1/actors/tree?under=/user/busy"))
            .Body[0].GetProperty("children")[0].GetProperty("mailbox").GetInt32() == 3);
        goOn.Set();
    }

    [Fact]
    public async Task Should_let_operators_alone_read_logs_and_steer()
    {
        await using var guarded = await HttpNode.Start(new()
        {
            Tokens = ["everything"],
            NamedTokens = [TokenKindSpecs.Named("reader", TokenKind.Reader)],
        });

        foreach (var (method, path) in new[]
        {
            ("GET", "/api/v1/log?once=true"), ("GET", "/api/v1/log/level"), ("POST", "/api/v1/log/level"),
            ("POST", "/api/v1/cluster/down"), ("POST", "/api/v1/sharding/rebalance"),
        })
        {
            Assert.Equal(403, (await guarded.Call(method, path, method == "POST" ? "{}" : null, "reader")).Status);
        }

        Assert.Equal(200, (await guarded.Call("GET", "/api/v1/cluster/status", token: "reader")).Status);
    }

    private static void Flood(NodeLogFeed feed, int entries)
    {
        for (var number = 0; number < entries; number++)
        {
            feed.Add(LogSeverity.Warning, "spec", "again", null);
        }
    }

    private Akka.Cluster.Cluster Cluster => Akka.Cluster.Cluster.Get(http.System);

    private string Name => $"{Cluster.SelfAddress.Host}:{Cluster.SelfAddress.Port}";

    private async Task SetLevel(string level)
    {
        var answer = await http.Call("POST", "/api/v1/log/level", $$"""{"node":"self","level":"{{level}}","reason":"a spec"}""");
        Assert.Equal(level, answer.Text("level"));
    }

    // The node also logs that its level has changed.
    private static async Task<string> NextEntryOf(EventReader log)
    {
        while (true)
        {
            var (_, data) = await log.NextEvent();
            if (!data.Contains("level of the log", StringComparison.Ordinal))
            {
                return data;
            }
        }
    }

    private sealed class Busy(ManualResetEventSlim goOn) : UntypedActor
    {
        protected override void OnReceive(object message) => goOn.Wait();
    }
}
