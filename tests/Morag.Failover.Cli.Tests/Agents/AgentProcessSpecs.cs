using System.Diagnostics;
using System.Globalization;

namespace Morag.Failover.Cli.Tests.Agents;

/// <summary>The agent as the process that users start, ended by signals.</summary>
public sealed class AgentProcessSpecs : IAsyncLifetime
{
    private readonly FakeWorkNode node = new();
    private readonly string folder = Directory.CreateTempSubdirectory("morag-process-").FullName;
    private Process? agent;

    public Task InitializeAsync() => node.StartAsync();

    public async Task DisposeAsync()
    {
        if (agent is not null)
        {
            agent.Kill();
            await agent.WaitForExitAsync();
            agent.Dispose();
        }

        await node.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Should_leave_no_command_behind_when_it_is_killed()
    {
        var child = Path.Combine(folder, "child");
        Start($"sleep 1000 & echo $! > {child}.tmp; mv {child}.tmp {child}; wait");
        node.Offer("t-1", "x");
        await Eventually.BeTrueAsync(() => File.Exists(child), "the running command");

        agent!.Kill();

        var pid = int.Parse(await File.ReadAllTextAsync(child), CultureInfo.InvariantCulture);
        await Eventually.BeTrueAsync(() => !Directory.Exists($"/proc/{pid}"), "the end of the command's child");
    }

    [Fact]
    public async Task Should_leave_in_order_when_it_is_terminated()
    {
        Start("cat");
        node.Offer("t-1", "x");
        await Eventually.BeTrueAsync(() => !node.Outcomes.IsEmpty, "the outcome");

        using var kill = Process.Start("kill", ["-TERM", agent!.Id.ToString(CultureInfo.InvariantCulture)]);
        await agent.WaitForExitAsync();

        Assert.Equal(0, agent.ExitCode);
        Assert.Single(node.Calls, call => call.Method == "DELETE");
    }

    [Fact]
    public async Task Should_refuse_to_start_when_there_is_no_such_program()
    {
        Start(null, "no-such-program-anywhere");
        await agent!.WaitForExitAsync();

        Assert.Equal(2, agent.ExitCode);
        Assert.Equal("morag: there is no program \"no-such-program-anywhere\" that can be run", (await agent.StandardError.ReadToEndAsync()).Trim());
    }

    private void Start(string? script, params string[] command)
    {
        string[] words = script is null ? command : ["sh", "-c", script];
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true };
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "morag.dll"), "worker", "run", "--node", node.Address.ToString(),
            "--worker-id", "w", "--work-dir", folder, "--heartbeat", "0.2", "--slots", "2", "--", .. words,
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        agent = Process.Start(start)!;
    }
}
