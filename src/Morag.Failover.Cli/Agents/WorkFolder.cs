using System.Text;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Cli.Agents;

/// <summary>
/// An agent's folder, held by a lock for as long as the agent lives: two agents cannot be one worker on one machine. The lock's
/// file says whose folder it is, and has a name of its own that no other folder has.
/// </summary>
internal sealed class WorkFolder : IDisposable
{
    private const int MostAgentsOfOneHost = 1000;
    private const int LongestOwner = 1024;
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
    /// The folder of the worker that was named; else of the first of this host's names (<c>host</c>, <c>host-2</c>, ...) that no
    /// running agent has, so that the same number of agents always has the same names. Throws <see cref="CommandFailure"/>.
    /// </summary>
    public static WorkFolder Acquire(string? workerId, string? folder)
    {
        if (workerId is not null)
        {
            return TryAcquire(workerId, folder)
                ?? throw new CommandFailure(
                    ExitCode.Conflict, $"another agent on this machine runs as worker {workerId}: give this one its own --worker-id");
        }

        var host = HostName();
        for (var number = 1; number <= MostAgentsOfOneHost; number++)
        {
            if (TryAcquire(number == 1 ? host : $"{host}-{number}", folder) is { } taken)
            {
                return taken;
            }
        }

        throw CommandFailure.Usage("too many agents run on this machine: give --worker-id");
    }

    /// <summary>An id for one run of the agent.</summary>
    public InstanceId NewInstance() => new($"{folderId}{InstanceSeparator}{Guid.NewGuid():N}");

    /// <summary>Whether two runs used the same folder.</summary>
    public static bool IsOfSameFolder(InstanceId? one, InstanceId? other) =>
        one?.Value.Split(InstanceSeparator) is [var folder, _] && other?.Value.Split(InstanceSeparator) is [var same, _] && folder == same;

    public void Dispose() => held.Dispose();

    /// <summary>
    /// The folder's name for a worker id: different for every two ids. A colon cannot stand in the name of a file on Windows.
    /// </summary>
    internal static string NameFor(string workerId) =>
        workerId.Replace("~", "~~", StringComparison.Ordinal).Replace(":", "~c", StringComparison.Ordinal);

    private static WorkFolder? TryAcquire(string workerId, string? folder)
    {
        if (!Identifier.IsValid(workerId))
        {
            throw CommandFailure.Usage($"worker-id: must be {Identifier.Rule}");
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
            throw failure as CommandFailure ?? CommandFailure.Usage($"work-dir: {failure.Message}");
        }
    }

    // The lock of .NET is flock on Unix, which fails with EWOULDBLOCK, and the sharing of files on Windows.
    private static bool IsHeldByAnother(IOException failure) =>
        failure.HResult is 11 or 35 or unchecked((int)0x80070020) or unchecked((int)0x80070021);

    // Some file systems tell neither "A" from "a" nor "a." from "a".
    private static string FolderId(FileStream held, string path, string workerId)
    {
        var bytes = new byte[LongestOwner];
        var length = held.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (Encoding.UTF8.GetString(bytes, 0, length).Split('\n') is [var owner, { Length: > 0 } folderId, ..])
        {
            return owner == workerId
                ? folderId
                : throw CommandFailure.Usage($"work-dir: the folder {path} belongs to worker {owner}: give worker {workerId} another --work-dir");
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
        var name = new string([.. Environment.MachineName.Where(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_')]).TrimStart('-', '.', '_');
        return name.Length == 0 ? "worker" : name.Length > 100 ? name[..100] : name;
    }
}
