using System.Text;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Client.Texts;
using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Cli.Agents;

/// <summary>
/// An agent's folder, locked while the agent lives, so that two agents on a machine cannot be the same worker. The lock file contains the
/// worker's id and a unique id of the folder.
/// </summary>
internal sealed class WorkFolder : IDisposable
{
    private const int MaxAgentsPerHost = 1000;
    private const int MaxLockFileBytes = 1024;
    // Room for "-2" to "-1000" after the host's name.
    private const int NumberLength = 5;
    private const char InstanceSeparator = '.';

    private readonly FileStream held;
    private readonly string folderId;

    private WorkFolder(string path, WorkerId worker, string folderId, FileStream held)
    {
        Path = path;
        Worker = worker;
        this.folderId = folderId;
        this.held = held;
    }

    public string Path { get; }

    public WorkerId Worker { get; }

    /// <summary>
    /// Locks the folder of the given worker. Without an id, it uses the first of this host's names (<c>host</c>, <c>host-2</c>, ...) that
    /// is free, so that the same number of agents always gets the same names.
    /// </summary>
    /// <exception cref="CommandFailure">The folder cannot be used, or another agent holds it.</exception>
    public static WorkFolder Acquire(string? workerId, string? folder)
    {
        if (workerId is not null)
        {
            return TryAcquire(workerId, folder)
                ?? throw new CommandFailure(
                    ExitCode.Conflict, $"another agent on this machine is running as worker {workerId}. Give this one its own --worker-id");
        }

        var host = HostName();
        for (var number = 1; number <= MaxAgentsPerHost; number++)
        {
            if (TryAcquire(number == 1 ? host : $"{host}-{number}", folder) is { } taken)
            {
                return taken;
            }
        }

        throw CommandFailure.Usage($"{MaxAgentsPerHost:N0} agents are running on this machine already. Give this one a --worker-id");
    }

    /// <summary>A new id for a run of the agent.</summary>
    public InstanceId NewInstance() => new($"{folderId}{InstanceSeparator}{Guid.NewGuid():N}");

    /// <summary>Whether two runs use the same folder.</summary>
    public static bool IsOfSameFolder(InstanceId? one, InstanceId? other) =>
        one?.Value.Split(InstanceSeparator) is [var folder, _] && other?.Value.Split(InstanceSeparator) is [var same, _] && folder == same;

    public void Dispose() => held.Dispose();

    /// <summary>The folder's name for a worker id. No two ids have the same name. Windows allows no colon in a file name.</summary>
    internal static string NameFor(string workerId) =>
        workerId.Replace("~", "~~", StringComparison.Ordinal).Replace(":", "~c", StringComparison.Ordinal);

    private static WorkFolder? TryAcquire(string workerId, string? folder)
    {
        if (!Identifier.IsValid(workerId))
        {
            throw CommandFailure.Usage($"--worker-id must be {Identifier.Rule}");
        }

        var path = System.IO.Path.Combine(folder ?? DefaultFolder(), NameFor(workerId));
        FileStream? held = null;
        try
        {
            _ = Directory.CreateDirectory(path);
            held = new FileStream(
                System.IO.Path.Combine(path, "agent.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            return new WorkFolder(path, new WorkerId(workerId), FolderId(held, path, workerId), held);
        }
        catch (IOException failure) when (held is null && IsHeldByAnother(failure))
        {
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CommandFailure)
        {
            held?.Dispose();
            throw failure as CommandFailure ?? CommandFailure.Usage($"cannot use the work folder: {failure.Message}");
        }
    }

    // .NET locks with flock on Unix, which fails with EWOULDBLOCK, and with file sharing on Windows.
    private static bool IsHeldByAnother(IOException failure) =>
        failure.HResult is 11 or 35 or unchecked((int)0x80070020) or unchecked((int)0x80070021);

    // Some file systems do not distinguish "A" from "a", or "a." from "a".
    private static string FolderId(FileStream held, string path, string workerId)
    {
        var bytes = new byte[MaxLockFileBytes];
        var length = held.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (Encoding.UTF8.GetString(bytes, 0, length).Split('\n') is [var owner, { Length: > 0 } folderId, ..])
        {
            return owner == workerId
                ? folderId
                : throw CommandFailure.Usage($"the folder {path} belongs to worker {owner}. Give worker {workerId} another --work-dir");
        }

        var fresh = Guid.NewGuid().ToString("N");
        held.SetLength(0);
        held.Position = 0;
        held.Write(Encoding.UTF8.GetBytes($"{workerId}\n{fresh}\n"));
        return fresh;
    }

    private static string DefaultFolder()
    {
        var local = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return System.IO.Path.Combine(local.Length > 0 ? local : System.IO.Path.GetTempPath(), "morag", "workers");
    }

    private static string HostName()
    {
        var letters = Environment.MachineName.Where(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_');
        var name = string.Concat(letters).TrimStart('-', '.', '_');
        return name.Length == 0 ? "worker" : TextCut.First(name, Identifier.MaxLength - NumberLength);
    }
}
