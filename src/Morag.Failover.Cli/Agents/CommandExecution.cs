using System.Globalization;
using System.Text;
using Morag.Failover.Cli.Agents.Processes;

namespace Morag.Failover.Cli.Agents;

/// <summary>Follows one started command to its end, and then ends the rest of its process group.</summary>
internal sealed class CommandExecution(
    ICommandProcess process, LeaseKey lease, string failureFile, int maxResultBytes, AgentSettings settings, AgentLog log, TimeProvider clock)
{
    // A child that the command left behind may hold its streams open. Several looks, because one alone would also fail after the
    // whole machine was suspended.
    private static readonly TimeSpan DrainLook = TimeSpan.FromSeconds(1);
    private const int DrainLooks = 3;

    private static readonly TimeSpan StreamsGrace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan GoneLook = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan GoneSlowLook = TimeSpan.FromSeconds(1);

    private const long FullDiskBytes = 64 * 1024;

    private readonly CommandOutput output = new(maxResultBytes);
    private readonly ErrorTail errors = new(settings.ExhaustionPatterns);
    private string? killProblem;

    /// <summary>Called when all of its processes are gone.</summary>
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

            // What arrives after its children were killed does not prove that they had written everything.
            var state = output.State;
            killProblem = process.Signal(SignalNames.Kill);
            streams.CancelAfter(StreamsGrace);
            await Task.WhenAll([reading, .. others]);
            ending = Ending(cause, state) with { Duration = clock.GetElapsedTime(started) };
        }
        finally
        {
            // Also after an exception: nobody else ends the command then.
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

    // It ended; its output is complete once nobody can write to it any more.
    private async Task DrainAsync(Task reading, CancellationToken asked)
    {
        var quiet = 0;
        while (!reading.IsCompleted && quiet < DrainLooks && !asked.IsCancellationRequested)
        {
            var before = output.Length;
            await Task.WhenAny(reading, Task.Delay(DrainLook, clock, asked));
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
            log.Write($"{lease}: its failure file {failureFile} could not be removed: {problem}");
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

    /// <summary>Null where everything is gone.</summary>
    private async Task<Task?> RemainingAsync()
    {
        var since = clock.GetTimestamp();
        IReadOnlyList<string> left;
        while ((left = process.Remaining()).Count > 0 && clock.GetElapsedTime(since) < settings.KillWait)
        {
            await Task.Delay(GoneLook, clock, CancellationToken.None);
        }

        if (left.Count == 0)
        {
            Close();
            return null;
        }

        log.Write(
            $"{lease}: could not be ended, and its slot stays taken until it is: {string.Join(", ", left)} "
            + $"({(killProblem is null ? "SIGKILL has not ended it" : $"SIGKILL was refused: {killProblem}")})");
        return GoneAtLastAsync();
    }

    private async Task GoneAtLastAsync()
    {
        while (process.Remaining().Count > 0)
        {
            await Task.Delay(GoneSlowLook, clock, CancellationToken.None);
        }

        log.Write($"{lease}: what could not be ended is gone: its slot is free");
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
            // A command need not read its input.
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
            // A child that was left behind holds it.
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            errors.Add(string.Create(CultureInfo.InvariantCulture, $" [the error stream was not read to its end: {failure.Message}]"));
        }
    }
}
