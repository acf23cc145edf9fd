using System.Diagnostics;
using System.Globalization;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>
/// Time from <c>kill -9</c> of a real agent with 200 running commands until a waiting worker holds the last of its tasks, with the default
/// and with the fast settings. Before that, the agent is frozen for slightly less than the tolerated pause and must not lose a task.
/// </summary>
internal sealed class KillAgent : IScenario
{
    private const int Tasks = 200;
    private const int Rounds = 3;

    // The failure detector first has to learn the heartbeat interval (2 s).
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(20);

    public string Name => "kill-agent";

    public async Task MeasureAsync(Measurement measurement)
    {
        await using (var system = await BenchmarkSystem.StartAsync())
        {
            await MeasureAsync(measurement, system, "default", TimeSpan.FromSeconds(2.8), 6);
            await measurement.AddRawRedisAsync(system.Redis.Port);
        }

        await using var fast = await BenchmarkSystem.StartAsync("fast-failover.conf");
        await MeasureAsync(measurement, fast, "fast", TimeSpan.FromSeconds(5.8), 1.5);
    }

    private static async Task MeasureAsync(Measurement measurement, BenchmarkSystem system, string settings, TimeSpan frozen, double target)
    {
        using var waiting = await LeanConnection.OpenAsync(system.Node.Address);
        await Work.RegisterAsync(waiting, "standby", Tasks);
        var (slowest, lostWhileFrozen) = (TimeSpan.Zero, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var victim = string.Create(CultureInfo.InvariantCulture, $"victim-{round}");
            await Work.SubmitAsync(waiting, victim, 0, Tasks);
            await using var agent = AgentProcess.Start(new AgentProcessSettings
            {
                Node = system.Node.Address,
                WorkerId = victim,
                Capability = "cpu",
                Queues = [BenchmarkSystem.Queue],
                Slots = Tasks,
                WorkFolder = system.Folder.FullName,
                Command = ["sleep", "600"],
            });
            await Eventually.HoldsAsync(
                async () => await HeldAsync(system, victim) == Tasks, () => $"the agent holds {Tasks} tasks; it wrote:\n{agent.Output}");
            await Task.Delay(Settling);

            agent.Send(Signal.Stop);
            await Task.Delay(frozen);
            agent.Send(Signal.Continue);
            await Task.Delay(TimeSpan.FromSeconds(3));
            lostWhileFrozen += Tasks - await HeldAsync(system, victim);

            var held = Work.LeaseAllAsync(waiting, "standby", Tasks);
            await Task.Delay(TimeSpan.FromMilliseconds(200));
            var start = Stopwatch.GetTimestamp();
            agent.Send(Signal.Kill);
            var leases = await held;
            var elapsed = Stopwatch.GetElapsedTime(start);
            slowest = elapsed > slowest ? elapsed : slowest;
            await Work.CompleteAsync(waiting, "standby", leases);
        }

        var seconds = frozen.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        measurement.Exactly($"{settings}_tasks_lost_while_frozen_{seconds}_s", lostWhileFrozen, 0);
        measurement.Below($"{settings}_last_task_leased_again_max_s", slowest.TotalSeconds, target);
    }

    private static async Task<int> HeldAsync(BenchmarkSystem system, string worker) =>
        (await system.Node.Client.TasksAsync(TaskState.Leased, worker)).Count;
}
