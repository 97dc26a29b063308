package shop.analytics;

import java.io.DataInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.types.StringValue;

/** The checkpoints of all runs of this job since Flink became the owner of the windows. A run deletes its older ones meanwhile. */
final class CheckpointFolder {
	/** Of a run that has a checkpoint each second, three are kept. */
	private static final int LOOKS = 5;

	private final Path folder;
	private final FileSystem files;

	/**
	 * @param operators those that have state in it
	 * @param read how far the job had read the topic `orders`
	 */
	record Checkpoint(String path, Set<OperatorID> operators, String stateBackend, ReadPositions read) {}

	CheckpointFolder(Path folder, FileSystem files) {
		this.folder = folder;
		this.files = files;
	}

	/** @param url may be on any file system of the cluster, like gs:// */
	static CheckpointFolder of(String url) {
		Path folder = new Path(url);
		try {
			return new CheckpointFolder(folder, folder.getFileSystem());
		} catch (IOException error) {
			throw unusable(folder, error);
		}
	}

	/** @throws Refusal where it cannot be written to */
	void make() {
		try {
			if (files.mkdirs(folder)) return;
		} catch (IOException error) {
			throw unusable(folder, error);
		}
		throw new Refusal("The folder of checkpoints %s cannot be made.".formatted(folder));
	}

	/** The newest complete one: a checkpoint without metadata is not complete. Read without a cluster, before the job runs. */
	Optional<Checkpoint> newest() {
		for (int look = 1; ; look++) {
			try {
				Optional<String> path = newestPath();
				return path.isEmpty() ? Optional.empty() : Optional.of(read(path.get()));
			} catch (FileNotFoundException deleted) {
				if (look == LOOKS) throw unusable(folder, deleted);
			} catch (IOException error) {
				throw unusable(folder, error);
			}
		}
	}

	private Optional<String> newestPath() throws IOException {
		List<FileStatus> found = new ArrayList<>();
		for (FileStatus run : list(folder)) {
			addMetadata(run.getPath(), found);
			if (run.isDir()) for (FileStatus one : list(run.getPath())) addMetadata(one.getPath(), found);
		}
		return found.stream()
				.max(Comparator.comparingLong(FileStatus::getModificationTime))
				.map(metadata -> metadata.getPath().getParent().toString());
	}

	private void addMetadata(Path folder, List<FileStatus> found) throws IOException {
		if (!folder.getName().matches("(chk-\\d+|savepoint-.*)")) return;
		try {
			found.add(files.getFileStatus(new Path(folder, "_metadata")));
		} catch (FileNotFoundException deletedOrIncomplete) {
			// An older checkpoint may be the newest complete one.
		}
	}

	private FileStatus[] list(Path folder) throws IOException {
		try {
			FileStatus[] found = files.listStatus(folder);
			return found == null ? new FileStatus[0] : found;
		} catch (FileNotFoundException none) {
			return new FileStatus[0];
		}
	}

	/** What WindowPublisher has stored in it. */
	private Checkpoint read(String path) throws IOException {
		Set<OperatorID> operators = new HashSet<>();
		String backend = null;
		String positions = null;
		Path metadata = new Path(path, "_metadata");
		ClassLoader loader = CheckpointFolder.class.getClassLoader();
		try (var in = new DataInputStream(files.open(metadata))) {
			for (var operator : Checkpoints.loadCheckpointMetadata(in, loader, path).getOperatorStates()) {
				if (operator.getCoordinatorState() != null) operators.add(operator.getOperatorID());
				for (var subtask : operator.getStates()) {
					if (subtask.hasState()) operators.add(operator.getOperatorID());
					for (OperatorStateHandle state : subtask.getManagedOperatorState()) {
						if (backend == null) backend = read(state, WindowPublisher.STATE_BACKEND);
						if (positions == null) positions = read(state, WindowPublisher.POSITIONS);
					}
				}
			}
		} catch (FileNotFoundException deleted) {
			throw deleted;
		} catch (IOException | RuntimeException error) {
			throw new Refusal(
					"The checkpoint %s cannot be read, as after an end in the middle of its write: %s. Start the job again; if that does not help, with a new folder of checkpoints."
							.formatted(path, error));
		}
		if (positions != null && backend != null) return new Checkpoint(path, operators, backend, ReadPositions.of(positions));
		throw new Refusal(
				"The checkpoint %s does not say how far the job has read: it is of another job. Use a new folder of checkpoints."
						.formatted(path));
	}

	/** Null where it is of another operator. */
	private static String read(OperatorStateHandle state, String name) throws IOException {
		var stored = state.getStateNameToPartitionOffsets().get(name);
		if (stored == null || stored.getOffsets().length == 0) return null;
		try (FSDataInputStream in = state.openInputStream()) {
			in.seek(stored.getOffsets()[0]);
			return StringValue.readString(new DataInputStream(in));
		}
	}

	private static Refusal unusable(Path folder, IOException error) {
		return new Refusal("The folder of checkpoints %s cannot be used: %s".formatted(folder, error.getMessage()));
	}
}
