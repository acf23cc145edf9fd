using System.Globalization;
using System.Text;
using Morag.Failover.Cli.Agents.Processes;
using Morag.Failover.Client.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary>Follows a started command until it ends, then kills the rest of its process group.</summary>
internal sealed class CommandExecution(
    ICommandProcess process,
    LeaseKey lease,
    string failureFile,
    int maxResultBytes,
    AgentSettings settings,
    AgentLog log,
    TimeProvider clock)
{
    // A background process may hold the command's streams open. Several polls, because a single one would give up too early after the
    // machine was suspended.
    private static readonly TimeSpan DrainPollInterval = TimeSpan.FromSeconds(1);
    private const int DrainPolls = 3;

    private static readonly TimeSpan StreamsGrace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ExitPollInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan StuckPollInterval = TimeSpan.FromSeconds(1);

    private const long FullDiskBytes = 64 * 1024;

    private readonly CommandOutput output = new(maxResultBytes);
    private readonly ErrorTail errors = new(settings.ExhaustionPatterns);
    private string? killProblem;

    /// <summary>Called when all processes of the command are gone.</summary>
    public required Action Gone { get; init; }

    public async Task<CommandRun> RunAsync(byte[] input, CancellationToken timeout, CancellationToken unwanted)
    {
        var started = clock.GetTimestamp();
        using var streams = new CancellationTokenSource();
        using var asked = CancellationTokenSource.CreateLinkedTokenSource(timeout, unwanted);
        var reading = output.ReadAsync(process.Output, streams.Token);
        Task[] others = [WriteAsync(input, streams.Token), ListenAsync(streams.Token)];
        ProcessEnding ending;
        try
        {
            var cause = await FirstCauseAsync(timeout, unwanted, asked.Token);
            if (cause == EndCause.Exited)
            {
                await DrainAsync(reading, asked.Token);
                cause = unwanted.IsCancellationRequested ? EndCause.Cancelled : cause;
            }
            else
            {
                await EndAsync();
            }

            // Output that arrives after the children are killed may be incomplete, so the state is read before.
            var state = output.State;
            killProblem = process.Signal(SignalNames.Kill);
            streams.CancelAfter(StreamsGrace);
            await Task.WhenAll([reading, .. others]);
            ending = Ending(cause, state) with { Duration = clock.GetElapsedTime(started) };
        }
        finally
        {
            // After an exception, nothing else would end the command.
            killProblem = process.Signal(SignalNames.Kill);
            await streams.CancelAsync();
        }

        ending = ending with { Exit = process.Ended.IsCompleted ? process.Reap() : null };
        return new CommandRun(ending, await RemainingAsync());
    }

    private async Task<EndCause> FirstCauseAsync(CancellationToken timeout, CancellationToken unwanted, CancellationToken asked)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(asked);
        await Task.WhenAny(process.Ended, output.Overflow, Task.Delay(Timeout.InfiniteTimeSpan, clock, waiting.Token));
        await waiting.CancelAsync();
        return unwanted.IsCancellationRequested ? EndCause.Cancelled
            : process.Ended.IsCompleted ? EndCause.Exited
            : timeout.IsCancellationRequested ? EndCause.TimedOut
            : EndCause.OutputTooLong;
    }

    // The output of a command that has exited is complete once no process can write to it any more.
    private async Task DrainAsync(Task reading, CancellationToken asked)
    {
        var quiet = 0;
        while (!reading.IsCompleted && quiet < DrainPolls && !asked.IsCancellationRequested)
        {
            var before = output.Length;
            await Task.WhenAny(reading, Task.Delay(DrainPollInterval, clock, asked));
            quiet = output.Length == before ? quiet + 1 : 0;
        }
    }

    private async Task EndAsync()
    {
        _ = process.Signal(SignalNames.Terminate);
        if (!await EndedWithinAsync(settings.KillGrace))
        {
            killProblem = process.Signal(SignalNames.Kill);
            _ = await EndedWithinAsync(settings.KillWait);
        }
    }

    private async Task<bool> EndedWithinAsync(TimeSpan time)
    {
        try
        {
            await process.Ended.WaitAsync(time, clock);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private ProcessEnding Ending(EndCause cause, OutputState state)
    {
        var file = FailureFile.Read(failureFile);
        var ending = new ProcessEnding
        {
            Cause = cause,
            MaxResultBytes = maxResultBytes,
            Output = state == OutputState.Complete ? output.ToArray() : [],
            OutputState = state,
            OutputProblem = output.Problem,
            ErrorTail = errors.ToString(),
            ExhaustionPattern = errors.Pattern,
            FailureFile = file,
            WorkFolderFull = file is not null && IsFull(settings.WorkFolder),
        };
        if (FailureFile.Remove(failureFile) is { } problem)
        {
            log.Write($"{lease}: cannot remove the failure file {failureFile}: {problem}");
        }

        return ending;
    }

    private static bool IsFull(string folder)
    {
        try
        {
            return new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace < FullDiskBytes;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Null if all processes are gone; otherwise a task that completes when they are.</summary>
    private async Task<Task?> RemainingAsync()
    {
        var since = clock.GetTimestamp();
        IReadOnlyList<string> left;
        while ((left = process.Remaining()).Count > 0 && clock.GetElapsedTime(since) < settings.KillWait)
        {
            await Task.Delay(ExitPollInterval, clock, CancellationToken.None);
        }

        if (left.Count == 0)
        {
            Close();
            return null;
        }

        log.Write(
            $"{lease}: cannot kill {string.Join(", ", left)} "
            + $"({(killProblem is null ? "SIGKILL had no effect" : $"SIGKILL failed: {killProblem}")}); "
            + "the slot stays occupied until the process is gone");
        return WaitUntilGoneAsync();
    }

    private async Task WaitUntilGoneAsync()
    {
        while (process.Remaining().Count > 0)
        {
            await Task.Delay(StuckPollInterval, clock, CancellationToken.None);
        }

        log.Write($"{lease}: the process is gone, and its slot is free");
        Close();
    }

    private void Close()
    {
        Gone();
        process.Dispose();
    }

    private async Task WriteAsync(byte[] payload, CancellationToken cancellation)
    {
        try
        {
            await using var input = process.Input;
            await input.WriteAsync(payload, cancellation);
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The command does not have to read its input.
        }
    }

    private async Task ListenAsync(CancellationToken cancellation)
    {
        using var reader = new StreamReader(process.Errors, Encoding.UTF8, leaveOpen: true);
        var buffer = new char[4 * 1024];
        try
        {
            int read;
            while ((read = await reader.ReadAsync(buffer, cancellation)) > 0)
            {
                errors.Add(buffer.AsSpan(0, read));
            }
        }
        catch (OperationCanceledException)
        {
            // A background process holds it open.
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            errors.Add(string.Create(CultureInfo.InvariantCulture, $" [standard error was not read to the end: {failure.Message}]"));
        }
    }
}
