using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Palettes;

namespace Morag.Failover.Cli.Tests.Palettes;

/// <summary>Wrong command lines and wrong servers: one line that says what to do.</summary>
public sealed class UsageErrorSpecs : IAsyncLifetime
{
    private static readonly Palette Tasks = new()
    {
        Name = "task",
        Summary = "Tasks",
        Commands = [Get("list") with { Options = [Filter] }, Get("show"), Get("submit")],
    };

    private static PaletteParameter Filter => new() { Name = "filter", Help = "", In = ParameterPlace.Query };

    private readonly FakeNode node = new();

    public Task InitializeAsync()
    {
        node.Answer = (_, _) => Task.FromResult<IResult?>(
            Results.Text(JsonSerializer.Serialize(new[] { Tasks }, ContractsJson.Options), "application/json"));
        return node.StartAsync();
    }

    public async Task DisposeAsync() => await node.DisposeAsync();

    [Theory]
    [InlineData("task", "morag task needs a command: list, show, submit")]
    [InlineData("task lst", "\"lst\" is not a command of morag task. Did you mean \"list\"?")]
    [InlineData("task fly", "\"fly\" is not a command of morag task. Its commands are list, show, submit")]
    [InlineData("taks", "\"taks\" is not a command of morag. Did you mean \"task\"?")]
    [InlineData("task list --filtre x", "Unrecognized command or argument '--filtre'. Did you mean --filter?")]
    [InlineData("task list --ouptut json", "Unrecognized command or argument '--ouptut'. Did you mean --output?")]
    [InlineData("completion", "Required argument 'shell' missing for command: 'completion'.")]
    public async Task Should_say_what_could_be_meant(string line, string said)
    {
        var (exitCode, output, error) = await RunAsync(line);

        Assert.Equal((ExitCode.Usage, ""), (exitCode, output));
        Assert.Equal(said, error.Split('\n')[0].Trim());
        Assert.DoesNotContain("-h", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("task")]
    [InlineData("worker")]
    [InlineData("worker drain")]
    public async Task Should_say_that_no_node_answers_when_the_commands_are_not_known(string line)
    {
        await node.StopAsync();

        var (exitCode, _, error) = await RunAsync(line);

        Assert.Equal(ExitCode.Unreachable, exitCode);
        Assert.StartsWith("morag: no node answers at ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<!DOCTYPE HTML><html><head><title>Error response</title></head><body><p>Unsupported method</p></body></html>",
        "(501: a web page \"Error response\")")]
    [InlineData("<html><body>no</body></html>", "(501: a web page)")]
    public async Task Should_exit_as_unreachable_and_show_no_page_when_another_server_does_not_implement_the_call(string page, string said)
    {
        node.Answer = (_, _) => Task.FromResult<IResult?>(Results.Text(page, "text/html", Encoding.UTF8, 501));

        var (exitCode, _, error) = await RunAsync("task list");

        Assert.Equal(ExitCode.Unreachable, exitCode);
        Assert.Contains(said, error, StringComparison.Ordinal);
        Assert.DoesNotContain("<", error, StringComparison.Ordinal);
    }

    private static PaletteCommand Get(string name) => new() { Name = name, Summary = "", Method = "GET", Path = "/api/v1/tasks" };

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string line)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        string[] all = [.. line.Split(' '), "--node", node.Address.ToString()];
        var exitCode = await new MoragCommandLine(output, error, Stream.Null, new FakeTimeProvider()).RunAsync(all);
        return (exitCode, output.ToString(), error.ToString());
    }
}
