using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Client.Tests.Workers;

public sealed class FailureClassificationSpecs
{
    public static TheoryData<Exception, FailureType> Exceptions => new()
    {
        { new InvalidDataException("broken"), FailureType.ProcessingError },
        { new InsufficientMemoryException(), FailureType.ResourceExhaustion },
        { new TimeoutException(), FailureType.TaskTimeout },
        { new AuthenticationException(), FailureType.AuthenticationFailure },
        { new SocketException((int)SocketError.ConnectionReset), FailureType.NetworkFailure },
        { new IOException("read", new SocketException((int)SocketError.ConnectionReset)), FailureType.NetworkFailure },
        { new HttpRequestException("no connection"), FailureType.NetworkFailure },
        { new HttpIOException(HttpRequestError.ResponseEnded), FailureType.NetworkFailure },
        { new HttpRequestException("refused", null, HttpStatusCode.BadRequest), FailureType.ProcessingError },
        { new TaskCanceledException("slow", new TimeoutException()), FailureType.NetworkFailure },
        { new IOException("No space left on device", 28), FailureType.WorkerOverloaded },
        { new IOException("There is not enough space on the disk", unchecked((int)0x80070070)), FailureType.WorkerOverloaded },
        { new AggregateException(new InsufficientMemoryException()), FailureType.ResourceExhaustion },
        { new TaskFailedException(FailureType.WorkerOverloaded, "no room"), FailureType.WorkerOverloaded },
    };

    [Theory]
    [MemberData(nameof(Exceptions))]
    public void Should_give_the_type_of_the_first_known_exception_in_the_chain(Exception failure, FailureType expected) =>
        Assert.Equal(expected, FailureClassification.Of(failure));
}
