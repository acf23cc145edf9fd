using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Tests.Palettes;

/// <summary>
/// Servers that answer, but not as a node does: no command ends with a stack trace, nothing controls the terminal, and another address is
/// used if there is one.
/// </summary>
public sealed class ForeignAnswerSpecs : IAsyncLifetime
{
    private static readonly int[] KnownExitCodes =
    [
        ExitCode.Ok, ExitCode.Refused, ExitCode.Usage, ExitCode.Unreachable, ExitCode.NotFound, ExitCode.Conflict, ExitCode.Unauthorised,
        ExitCode.NodeError,
    ];

    private static readonly Palette Things = new()
    {
        Name = "thing",
        Summary = "Things",
        Commands =
        [
            Get("list", PaletteView.Table) with { Paged = true },
            Get("rates", PaletteView.Table) with
            {
                Columns =
                [
                    new PaletteColumn { Header = "name", Field = "name", Format = ColumnFormat.Time },
                    new PaletteColumn { Header = "rate", Field = "score.rate", Format = ColumnFormat.Percent },
                ],
            },
            Get("show", PaletteView.Record) with { Remark = "name" },
            Get("tree", PaletteView.Tree),
            Get("explain", PaletteView.Explain),
            Get("text", PaletteView.Raw) with { Select = "result" },
            Get("make", PaletteView.Record) with { Method = "POST" },
        ],
    };

    private readonly FakeNode foreign = new();
    private readonly FakeNode node = new();
    private ForeignAnswer answer = ForeignAnswer.All[0];
    private bool hasPalettes;

    public async Task InitializeAsync()
    {
        foreign.Answer = (call, context) => hasPalettes && call.PathAndQuery == "/api/v1/palettes"
            ? Task.FromResult<IResult?>(Served())
            : answer.SendAsync(context);
        node.Answer = (call, _) => Task.FromResult<IResult?>(
            FakeNode.Health(call) ?? (call.PathAndQuery == "/api/v1/palettes" ? Served() : FakeNode.Json(new[] { new { name = "good" } })));
        await foreign.StartAsync();
        await node.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await foreign.DisposeAsync();
        await node.DisposeAsync();
    }

    [Theory]
    [InlineData("--help", false)]
    [InlineData("thing list", false)]
    [InlineData("thing list", true)]
    [InlineData("thing list --output json", true)]
    [InlineData("thing rates", true)]
    [InlineData("thing show", true)]
    [InlineData("thing tree", true)]
    [InlineData("thing explain", true)]
    [InlineData("thing text", true)]
    [InlineData("thing make", true)]
    [InlineData("health", false)]
    [InlineData("health --live --output json", false)]
    public async Task Should_end_with_a_known_exit_code_and_no_control_characters_whatever_a_server_answers(
        string command, bool withPalettes)
    {
        foreach (var each in ForeignAnswer.All)
        {
            (answer, hasPalettes) = (each, withPalettes);

            var (exitCode, output, error) = await RunAsync(command, foreign);

            var text = $"{each}: exit code {exitCode}: {output} {error}";
            Assert.True(KnownExitCodes.Contains(exitCode), text);
            Assert.False(text.Any(letter => char.IsControl(letter) && letter is not ('\r' or '\n' or '\t')), text);
            Assert.True(exitCode == ExitCode.Ok || error.Length > 0, text);
            Assert.False(exitCode == ExitCode.Ok && command.StartsWith("health", StringComparison.Ordinal), text);
        }
    }

    [Fact]
    public async Task Should_show_the_alerts_of_a_node_that_is_ready_without_their_control_characters()
    {
        const string Health = """{"status":"ready","alerts":{"\u001b[2J":"\u0007 down","queue-0":["a",1]}}""";
        answer = new ForeignAnswer("ready", 200, Encoding.UTF8.GetBytes(Health));

        var (exitCode, output, _) = await RunAsync("health", foreign);

        Assert.Equal(ExitCode.Ok, exitCode);
        Assert.Equal(["ready", "\\u001b[2J fails: \\u0007 down", "queue-0 fails: a, 1"], output.Trim().Split('\n'));
    }

    [Theory]
    [InlineData("thing rates", "good")]
    [InlineData("thing make", "done")]
    [InlineData("health", "ready")]
    public async Task Should_use_the_other_address_when_the_first_one_is_not_a_node(string command, string shown)
    {
        node.Answer = (call, _) => Task.FromResult<IResult?>(
            FakeNode.Health(call) ?? (call.PathAndQuery == "/api/v1/palettes"
                ? Served()
                : FakeNode.Json(call.Method == "POST" ? new { done = "done" } : (object)new[] { new { name = "good" } })));
        foreach (var each in ForeignAnswer.All.Where(each => !IsPalettes(each) && !IsOfNode(each)))
        {
            (answer, hasPalettes) = (each, false);

            var (exitCode, output, error) = await RunAsync(command, foreign, node);

            Assert.True((exitCode, error) == (ExitCode.Ok, ""), $"{each}: {exitCode}: {output} {error}");
            Assert.Contains(shown, output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("thing list")]
    [InlineData("health")]
    public async Task Should_name_each_address_with_its_reason_when_no_node_answers(string command)
    {
        answer = ForeignAnswer.All.Single(each => each is { Status: 404, ContentType: "text/plain" });
        await node.StopAsync();

        foreach (var (first, second) in new[] { (foreign, node), (node, foreign) })
        {
            var (exitCode, _, error) = await RunAsync(command, first, second);

            Assert.Equal(ExitCode.Unreachable, exitCode);
            Assert.Contains($"{Name(foreign)} (404: nothing here\\u001b[31m", error, StringComparison.Ordinal);
            Assert.Contains($"{Name(node)} (Connection refused", error, StringComparison.Ordinal);
        }

        answer = ForeignAnswer.All.Single(each => each.Name == "{}");
        foreach (var (first, second) in new[] { (foreign, node), (node, foreign) })
        {
            var (exitCode, _, error) = await RunAsync(command, first, second);

            Assert.Equal(ExitCode.Unreachable, exitCode);
            Assert.Contains($"{Name(foreign)} (", error, StringComparison.Ordinal);
            Assert.Contains($"{Name(node)} (Connection refused", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Should_pass_over_an_address_whose_answer_is_too_large()
    {
        answer = new ForeignAnswer("a large list", 200, [(byte)'[', .. Enumerable.Repeat((byte)' ', CallLimits.MaxAnswerBytes), (byte)']']);

        Assert.Equal(ExitCode.Ok, (await RunAsync("thing rates", foreign, node)).ExitCode);

        var (exitCode, _, error) = await RunAsync("thing rates", foreign);
        Assert.Equal(ExitCode.Unreachable, exitCode);
        Assert.Contains($"{Name(foreign)} (its answer is too large", error, StringComparison.Ordinal);
    }

    private static PaletteCommand Get(string name, PaletteView view) =>
        new() { Name = name, Summary = "", Method = "GET", Path = "/api/v1/things", View = view };

    private static IResult Served() => Results.Text(JsonSerializer.Serialize(new[] { Things }, ContractsJson.Options), "application/json");

    // An empty list of commands, or one command, is what a node could have.
    private static bool IsPalettes(ForeignAnswer answer) => answer.Name.Contains("[2J\",\"commands\":[]", StringComparison.Ordinal)
        || (answer.Status == 200 && answer.Body.AsSpan().StartsWith("[]"u8));

    private static bool IsOfNode(ForeignAnswer answer) => answer.Name.Contains(ProblemTypes.Prefix, StringComparison.Ordinal);

    private static string Name(FakeNode of) => of.Address.GetLeftPart(UriPartial.Authority);

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(string command, params FakeNode[] nodes)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();

        // A result is printed unchanged unless it goes to a terminal.
        using var printed = new PrintedText(output, isTerminal: command == "thing text");
        string[] arguments = [.. command.Split(' '), "--node", string.Join(',', nodes.Select(Name))];
        var exitCode = await new MoragCommandLine(printed, error, Stream.Null, new FakeTimeProvider()).RunAsync(arguments);
        return (exitCode, output.ToString(), error.ToString());
    }
}
