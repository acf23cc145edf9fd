using Morag.Failover.Cli.Agents.Processes;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Cli.Agents;

/// <summary>Runs the command for one task: payload in, result out, and killed with all its children when it has to end.</summary>
internal sealed class TaskProcess(
    AgentSettings settings, AgentRegistration registration, Guardian guardian, ProcessLauncher launch, AgentLog log, TimeProvider clock)
{
    // The command begins once the guardian knows of it, which the first line says: an agent that is killed in between leaves nothing.
    private const string WaitForTheFirstLine = "read -r begin && exec \"$@\"";

    private static readonly byte[] FirstLine = OperatingSystem.IsWindows() ? [] : "begin\n"u8.ToArray();

    private readonly string failureFolder = Path.Combine(settings.WorkFolder, "failures");

    /// <summary>Runs the command to its end, or until <paramref name="unwanted"/> ends it.</summary>
    public async Task<CommandRun> RunAsync(LeasedTask task, CancellationToken timeout, CancellationToken unwanted)
    {
        var failureFile = Path.Combine(failureFolder, $"{task.Epoch}-{Guid.NewGuid():N}.json");
        ICommandProcess process;
        byte[] input;
        try
        {
            input = [.. FirstLine, .. CommandStart.Input(task)];
            process = Start(task, failureFile);
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
                process, new LeaseKey(task.TaskId, task.Epoch), failureFile, registration.MaxResultBytes, settings, log, clock)
            {
                Gone = () => guardian.Forget(process.Id),
            }.RunAsync(input, timeout, unwanted);
        }
        catch
        {
            // It was killed; from now on the id may be another process's.
            guardian.Forget(process.Id);
            throw;
        }
    }

    /// <summary>Removes the failure files of commands that an earlier run of the agent did not see the end of.</summary>
    public void RemoveStaleFailureFiles()
    {
        if (FailureFile.Remove(failureFolder) is { } problem)
        {
            log.Write($"the folder {failureFolder} could not be emptied: {problem}");
        }
    }

    private ICommandProcess Start(LeasedTask task, string failureFile)
    {
        _ = Directory.CreateDirectory(failureFolder);
        var environment = CommandStart.Environment(task, settings.Registration.WorkerId.Value, failureFile);
        return launch(new ProcessStart(
            OperatingSystem.IsWindows() ? settings.Command : ["/bin/sh", "-c", WaitForTheFirstLine, "sh", .. settings.Command],
            environment));
    }

    private static CommandRun NotStarted(string message, bool blamesTask) =>
        new(new ProcessEnding { NotStarted = new StartFailure(message, blamesTask) });
}
