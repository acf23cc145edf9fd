using Morag.Failover.Cli.Agents.Processes;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Cli.Agents;

/// <summary>Runs the command for a task, and kills it with all its children when it has to end.</summary>
internal sealed class TaskProcess(
    AgentSettings settings, WorkerClient client, Guardian guardian, ProcessLauncher launch, AgentLog log, TimeProvider clock)
{
    // The command starts when the first line arrives, which is after the guardian knows it. An agent that is killed in between leaves no
    // process behind.
    private const string WaitForTheFirstLine = "read -r begin && exec \"$@\"";

    private static readonly byte[] FirstLine = OperatingSystem.IsWindows() ? [] : "begin\n"u8.ToArray();

    private readonly string failureFolder = Path.Combine(settings.WorkFolder, "failures");
    private readonly string progressFolder = Path.Combine(settings.WorkFolder, "progress");

    /// <summary>Runs the command until it ends or is cancelled.</summary>
    /// <param name="task">The task.</param>
    /// <param name="report">Called with the progress that the command reports.</param>
    /// <param name="timeout">Ends the command because its lease expired.</param>
    /// <param name="unwanted">Ends the command because its outcome is no longer wanted.</param>
    public async Task<CommandRun> RunAsync(
        LeasedTask task, Action<ProgressUpdate> report, CancellationToken timeout, CancellationToken unwanted)
    {
        var name = $"{task.Epoch}-{Guid.NewGuid():N}";
        var files = new CommandFiles(Path.Combine(failureFolder, $"{name}.json"), Path.Combine(progressFolder, $"{name}.jsonl"));
        await using var progress = ProgressTail.Start(files.Progress, new LeaseKey(task.TaskId, task.Epoch), report, log, clock);
        ICommandProcess process;
        byte[] input;
        try
        {
            input = [.. FirstLine, .. CommandStart.Input(task)];
            process = Start(task, files);
        }
        catch (TaskUnfit unfit)
        {
            return NotStarted(unfit.Message, blamesTask: true);
        }
        catch (ProcessNotStarted failure)
        {
            return NotStarted(failure.Message, blamesTask: failure.TooLarge);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return NotStarted(failure.Message, blamesTask: false);
        }

        guardian.Watch(process.Id);
        try
        {
            return await new CommandExecution(
                process, new LeaseKey(task.TaskId, task.Epoch), files.Failure, client.MaxResultBytes, settings, log, clock)
            {
                Gone = () => guardian.Forget(process.Id),
            }.RunAsync(input, timeout, unwanted);
        }
        catch
        {
            // The command was killed, and its process id may be reused from now on.
            guardian.Forget(process.Id);
            throw;
        }
    }

    /// <summary>Removes the files of commands that an earlier run of the agent left behind.</summary>
    public void RemoveStaleFiles()
    {
        foreach (var folder in (string[])[failureFolder, progressFolder])
        {
            if (FailureFile.Remove(folder) is { } problem)
            {
                log.Write($"cannot empty the folder {folder}: {problem}");
            }
        }
    }

    private ICommandProcess Start(LeasedTask task, CommandFiles files)
    {
        _ = Directory.CreateDirectory(failureFolder);
        var environment = CommandStart.Environment(task, settings.Registration.WorkerId.Value, files);
        return launch(new ProcessStart(
            OperatingSystem.IsWindows() ? settings.Command : ["/bin/sh", "-c", WaitForTheFirstLine, "sh", .. settings.Command],
            environment));
    }

    private static CommandRun NotStarted(string message, bool blamesTask) =>
        new(new ProcessEnding { NotStarted = new StartFailure(message, blamesTask) });
}
