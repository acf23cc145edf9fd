using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Palettes;

namespace Morag.Failover.Cli.Tests.Palettes;

/// <summary><c>self</c> is one node, whichever node gets the call.</summary>
public sealed class AskedNodeSpecs : IAsyncLifetime
{
    private const string Nobody = "http://127.0.0.1:1";

    private static readonly PaletteParameter Node = new() { Name = "node", Help = "The node", In = ParameterPlace.Body, IsNode = true };

    private static readonly Palette Nodes = new()
    {
        Name = "node",
        Summary = "Nodes",
        Commands =
        [
            new PaletteCommand
            {
                Name = "stop",
                Summary = "Stop one",
                Method = "POST",
                Path = "/api/v1/nodes/stop",
                Arguments = [Node with { Required = true }],
                View = PaletteView.Record,
                Repeatable = true,
            },
            new PaletteCommand
            {
                Name = "tail",
                Summary = "Follow one",
                Method = "GET",
                Path = "/api/v1/nodes/tail",
                Arguments = [Node with { In = ParameterPlace.Query, Default = "self" }],
                Follow = true,
            },
        ],
    };

    private readonly FakeNode node = new();
    private readonly FakeNode other = new();

    public async Task InitializeAsync()
    {
        Answer(node, "first:4053");
        Answer(other, "second:4053");
        await node.StartAsync();
        await other.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await node.DisposeAsync();
        await other.DisposeAsync();
    }

    [Fact]
    public async Task Should_name_the_node_at_the_first_address_also_to_the_node_that_gets_the_call_after_a_lost_connection()
    {
        node.Answer = Lost(node.Answer, "/api/v1/nodes/stop");

        var run = await RunAsync($"{node.Address},{other.Address}", "node", "stop", "self");

        Assert.Equal((ExitCode.Ok, ""), (run.ExitCode, run.Error));
        Assert.Equal("akka.tcp://morag@first:4053", Assert.Single(other.CallsTo("POST", "stop")).Body!["node"]!.GetValue<string>());
    }

    [Fact]
    public async Task Should_send_nothing_when_the_node_at_the_first_address_does_not_answer()
    {
        var run = await RunAsync($"{Nobody},{other.Address}", "node", "stop", "self");

        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        Assert.Contains($"\"self\" is the node at {Nobody}", run.Error, StringComparison.Ordinal);
        Assert.Empty(other.CallsTo("POST", "stop"));
    }

    [Fact]
    public async Task Should_send_nothing_when_another_server_has_the_first_address()
    {
        node.Answer = (_, _) => Task.FromResult<IResult?>(Results.Text("<html>hello</html>", "text/html"));

        var run = await RunAsync($"{node.Address},{other.Address}", "node", "stop", "self");

        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        Assert.Empty(other.CallsTo("POST", "stop"));
    }

    [Theory]
    [InlineData()]
    [InlineData("self")]
    public async Task Should_go_on_with_the_same_node_when_another_one_continues_the_stream(params string[] named)
    {
        node.Answer = Lost(node.Answer, "/api/v1/nodes/tail");

        var run = await RunAsync($"{node.Address},{other.Address}", ["node", "tail", .. named]);

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        var continued = Uri.UnescapeDataString(Assert.Single(other.CallsTo("GET", "tail")).PathAndQuery);
        Assert.Equal("/api/v1/nodes/tail?node=akka.tcp://morag@first:4053", continued);
    }

    [Fact]
    public async Task Should_follow_the_node_that_answers_when_the_user_names_none()
    {
        var run = await RunAsync($"{Nobody},{other.Address}", "node", "tail");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        var asked = Uri.UnescapeDataString(Assert.Single(other.CallsTo("GET", "tail")).PathAndQuery);
        Assert.Equal("/api/v1/nodes/tail?node=akka.tcp://morag@second:4053", asked);
    }

    private static void Answer(FakeNode node, string name) => node.Answer = (call, _) => Task.FromResult<IResult?>(
        call.PathAndQuery.Split('?')[0] switch
        {
            "/api/v1/palettes" => Results.Text(JsonSerializer.Serialize(new[] { Nodes }, ContractsJson.Options), "application/json"),
            "/api/v1/cluster/nodes" => FakeNode.Json(new object[]
            {
                new { node = "akka.tcp://morag@elsewhere:4053", status = "up", reachable = true },
                new { node = $"akka.tcp://morag@{name}", status = "up", reachable = true, self = true },
            }),
            "/api/v1/nodes/tail" => Results.Text("event: end\ndata: {}\n\n", "text/event-stream"),
            _ => FakeNode.Json(new { done = true }),
        });

    /// <summary>The node gets the call, and its connection ends before the answer.</summary>
    private static Func<SeenCall, HttpContext, Task<IResult?>> Lost(Func<SeenCall, HttpContext, Task<IResult?>> usual, string path) =>
        (call, context) =>
        {
            if (call.PathAndQuery.Split('?')[0] == path)
            {
                context.Abort();
                return Task.FromResult<IResult?>(Results.Empty);
            }

            return usual(call, context);
        };

    private static async Task<(int ExitCode, string Error)> RunAsync(string addresses, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var standardInput = new MemoryStream(Encoding.UTF8.GetBytes(""));
        var exitCode = await new MoragCommandLine(output, error, standardInput, TimeProvider.System)
            .RunAsync([.. arguments, "--node", addresses]);
        return (exitCode, error.ToString());
    }
}
