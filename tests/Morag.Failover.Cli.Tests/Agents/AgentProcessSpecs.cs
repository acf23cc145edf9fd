using System.Diagnostics;
using System.Globalization;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Cli.Tests.Agents;

/// <summary>The agent as a separate process, ended by signals.</summary>
public sealed class AgentProcessSpecs : IAsyncLifetime
{
    // All descendants of the agent inherit this variable.
    private const string Mark = "TEST_AGENT";

    private readonly FakeWorkNode node = new();
    private readonly string folder = Directory.CreateTempSubdirectory("morag-process-").FullName;
    private readonly string mark = Guid.NewGuid().ToString("N");
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
        await Wait.UntilAsync(() => File.Exists(child), "the running command");

        agent!.Kill();

        var pid = int.Parse(await File.ReadAllTextAsync(child), CultureInfo.InvariantCulture);
        await Wait.UntilAsync(() => !Directory.Exists($"/proc/{pid}"), "the end of the command's child");
    }

    [Fact]
    public async Task Should_unregister_when_it_is_terminated()
    {
        Start("cat");
        node.Offer("t-1", "x");
        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");

        using var kill = Process.Start("kill", ["-TERM", agent!.Id.ToString(CultureInfo.InvariantCulture)]);
        await agent.WaitForExitAsync();

        Assert.Equal(0, agent.ExitCode);
        Assert.Single(node.Calls, call => call.Method == "DELETE");
    }

    [Theory]
    [InlineData("sleep 1000", false)]
    [InlineData("sleep 1000", true)]
    [InlineData("sleep 1000 & wait", true)]
    [InlineData("trap 'exit 143' TERM; sleep 1000 & wait", true)]
    [InlineData("trap 'exit 1' TERM; sleep 1000 & wait", false)]
    [InlineData("trap '' TERM; sleep 1000", false)]
    public async Task Should_release_all_tasks_without_blame_when_its_commands_are_stopped_too(string script, bool commandsFirst)
    {
        Start($"echo $$ > {folder}/running-$MORAG_TASK_ID; {script}", "--drain-grace", "1");
        for (var task = 1; task <= 2; task++)
        {
            node.Offer($"t-{task}", "x");
        }

        await Wait.UntilAsync(() => Directory.GetFiles(folder, "running-*").Length == 2, "both commands");
        var family = CommandProcesses.WithEnvironment(Mark, mark).Where(process => process != agent!.Id).ToArray();
        Assert.True(family.Length >= 3, $"the guardian and two commands are among {family.Length} processes");
        int[] all = commandsFirst ? [.. family, agent!.Id] : [agent!.Id, .. family];
        using (var kill = Process.Start("kill", ["-TERM", .. all.Select(process => process.ToString(CultureInfo.InvariantCulture))]))
        {
            await kill.WaitForExitAsync();
        }

        await agent!.WaitForExitAsync();
        var log = await agent.StandardError.ReadToEndAsync();
        Assert.Equal(0, agent.ExitCode);
        Assert.True(node.Outcomes.IsEmpty, log);
        Assert.Equal(2, node.CallsTo("POST", "/release").Count());
        Assert.Single(node.Calls, call => call.Method == "DELETE");
        await Wait.UntilAsync(() => !CommandProcesses.WithEnvironment(Mark, mark).Any(), "the end of every process");
    }

    [Fact]
    public async Task Should_leave_no_command_behind_when_its_guardian_is_killed_first()
    {
        Start($"echo $$ > {folder}/running-$MORAG_TASK_ID; sleep 1000");
        node.Offer("t-1", "x");
        await Wait.UntilAsync(() => File.Exists($"{folder}/running-t-1"), "the first command");
        var guardian = CommandProcesses.WithEnvironment(Mark, mark)
            .Single(process => File.ReadAllText($"/proc/{process}/cmdline").Contains("trap '' INT TERM HUP", StringComparison.Ordinal));
        using (var kill = Process.Start("kill", ["-KILL", guardian.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync();
        }

        node.Offer("t-2", "x");
        await Wait.UntilAsync(() => File.Exists($"{folder}/running-t-2"), "the second command");
        agent!.Kill();

        await Wait.UntilAsync(() => !CommandProcesses.WithEnvironment(Mark, mark).Any(), "the end of every process");
        Assert.Contains(
            "the guardian process was lost, and a new one is running",
            await agent.StandardError.ReadToEndAsync(),
            StringComparison.Ordinal);
    }

    [RootFact]
    public async Task Should_log_the_process_when_the_agent_may_not_kill_it()
    {
        // A setuid copy of setpriv, which also changes the real user.
        var tool = Path.Combine(folder, "setpriv");
        File.Copy("/usr/bin/setpriv", tool);
        using (var mode = Process.Start("chmod", ["a+rwx,u+s", tool, folder]))
        {
            await mode.WaitForExitAsync();
        }

        StartAs(["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"], $"exec {tool} --reuid=0 sleep 20");
        node.Offer("t-1", "x", remainingSeconds: 3);

        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        Assert.Equal("task_timeout", (string)node.Outcomes.Single()["failure_type"]!);
        agent!.Kill();
        var log = await agent.StandardError.ReadToEndAsync();
        Assert.Matches(@"cannot kill \d+ \(sleep\) \(SIGKILL failed: Operation not permitted\); the slot stays occupied", log);
    }

    [Fact]
    public async Task Should_refuse_to_start_when_the_program_does_not_exist()
    {
        StartWith([], ["no-such-program-anywhere"], []);
        await agent!.WaitForExitAsync();

        Assert.Equal(2, agent.ExitCode);
        Assert.Equal(
            "morag: the program \"no-such-program-anywhere\" was not found or is not executable",
            (await agent.StandardError.ReadToEndAsync()).Trim());
    }

    private void Start(string script, params string[] options) => StartWith([], ["sh", "-c", script], options);

    private void StartAs(string[] user, string script) => StartWith(user, ["sh", "-c", script], ["--kill-grace", "0.2"]);

    private void StartWith(string[] before, string[] command, string[] options)
    {
        string[] words =
        [
            .. before, "dotnet", Programs.Morag, "worker", "run", "--node", node.Address.ToString(),
            "--worker-id", "w", "--work-dir", folder, "--heartbeat", "0.2", "--slots", "2", .. options, "--", .. command,
        ];
        var start = new ProcessStartInfo(words[0], words[1..]) { RedirectStandardError = true };
        start.Environment[Mark] = mark;
        agent = Process.Start(start)!;
    }
}
