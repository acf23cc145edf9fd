using System.Net.Sockets;
using System.Security.Authentication;
using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Client.Workers;

/// <summary>Maps exceptions that handlers throw to failure types.</summary>
public static class FailureClassification
{
    // ENOSPC, and the same on Windows (ERROR_DISK_FULL, ERROR_HANDLE_DISK_FULL).
    private static readonly int[] DiskFull = [28, unchecked((int)0x80070070), unchecked((int)0x80070027)];

    /// <summary>The type of an exception. It is that of the first exception in the chain of causes that has one.</summary>
    /// <remarks>
    /// Out of memory is <c>resource_exhaustion</c>. A full disk is <c>worker_overloaded</c>, because another worker has another disk. A
    /// broken or refused connection is <c>network_failure</c>, a rejected credential <c>authentication_failure</c>, and a
    /// <see cref="TimeoutException"/> <c>task_timeout</c>. Everything else is a <c>processing_error</c>.
    /// </remarks>
    public static FailureType Of(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (OfOne(cause) is { } type)
            {
                return type;
            }
        }

        return FailureType.ProcessingError;
    }

    private static FailureType? OfOne(Exception failure) => failure switch
    {
        TaskFailedException known => known.FailureType,
        OutOfMemoryException => FailureType.ResourceExhaustion,
        AuthenticationException => FailureType.AuthenticationFailure,
        SocketException => FailureType.NetworkFailure,
        HttpRequestException { StatusCode: null } or HttpIOException => FailureType.NetworkFailure,

        // The time limit of an HttpClient.
        TaskCanceledException { InnerException: TimeoutException } => FailureType.NetworkFailure,
        TimeoutException => FailureType.TaskTimeout,
        IOException full when DiskFull.Contains(full.HResult) => FailureType.WorkerOverloaded,
        _ => null,
    };
}
