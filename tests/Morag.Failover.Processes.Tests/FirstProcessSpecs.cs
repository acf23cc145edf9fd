using System.Diagnostics;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>An agent as process 1 of a container, which becomes the parent of every orphan.</summary>
public sealed class FirstProcessSpecs(RedisServer server) : IClassFixture<RedisServer>, IDisposable
{
    private const int Tasks = 8;

    // Even with a retry each, too few to open the worker's breaker.
    private const int Failing = 2;

    private readonly TestFolder folder = new();

    [NamespaceFact]
    public async Task Should_reap_orphans_and_see_every_exit_code_when_the_agent_is_process_1()
    {
        await server.FlushAsync();
        await using var node = await NodeProcess.StartAsync(new NodeProcessSettings
        {
            Redis = server.ConnectionString,
            DataFolder = folder.Sub("node"),
            Config = TestConfig.Text,
        });
        await node.Client.SubmitAsync(Enumerable.Range(0, Tasks).Select(number => (object)new
        {
            task_id = $"t-{number}",
            queue = "cpu_standard",
            payload = number < Failing ? "7" : "0",
            max_retries = 0,
        }));

        // The child outlives the command in its own session, so only process 1 can reap it.
        var mark = $"{folder.Path}/$MORAG_TASK_ID";
        var orphan = $"touch {mark}.begun; sleep 0.3; touch {mark}.orphan";
        var command = $"read -r code; setsid sh -c '{orphan}' <&- >/dev/null 2>&1 & "
            + $"while [ ! -e {mark}.begun ]; do sleep 0.05; done; exit $code";
        await using var agent = AgentProcess.StartAsFirstProcess(new AgentProcessSettings
        {
            Node = node.Address,
            WorkerId = "first",
            Capability = "cpu",
            Slots = 4,
            WorkFolder = folder.Sub("work"),
            Command = ["/bin/sh", "-c", command],
        });
        await Eventually.HoldsAsync(
            async () => Directory.GetFiles(folder.Path, "*.orphan").Length == Tasks
                && (await node.Client.TasksAsync(TaskState.Succeeded)).Count == Tasks - Failing
                && (await node.Client.TasksAsync(TaskState.Parked)).Count == Failing,
            () => $"all tasks end; the agent wrote:\n{agent.Output}");

        var failures = await node.Client.FailuresAsync();
        Assert.All(failures, failure => Assert.Contains("exit code 7", failure.FailureEvent.ErrorMessage, StringComparison.Ordinal));
        var first = Assert.Single(ProcessTable.ChildrenOf(agent.Id));
        await Eventually.HoldsAsync(
            () => Task.FromResult(!ProcessTable.ChildrenOf(first).Any(ProcessTable.IsGone)),
            () => $"no child of the agent waits to be reaped; it wrote:\n{agent.Output}");

        // A container is stopped by a signal to process 1.
        Signals.Send(first, Signal.Terminate);
        Assert.Equal(0, await agent.EndedAsync());
        Assert.Contains("unregistered", agent.Output, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    /// <summary>A fact that needs its own process namespace. It is skipped with a message if this user may not create one.</summary>
    private sealed class NamespaceFactAttribute : FactAttribute
    {
        public NamespaceFactAttribute()
        {
            Skip = RedisServer.SkipReason ?? (
                CanMakeNamespaces() ? null : "NOT TESTED: this user may not make a process namespace (unshare --pid)");
        }

        private static bool CanMakeNamespaces()
        {
            try
            {
                var start = new ProcessStartInfo("unshare", ["--pid", "--fork", "--mount-proc", "--kill-child", "true"])
                {
                    RedirectStandardError = true,
                };
                using var tried = Process.Start(start)!;
                tried.WaitForExit();
                return tried.ExitCode == 0;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                return false;
            }
        }
    }
}
